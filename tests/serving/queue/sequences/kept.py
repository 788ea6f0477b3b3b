"""A model that keeps sequences, over scripted workers, for the tests of its queue."""

import sys

from fleet.scripted import Fleet, Script, silent
from servescope.serving.queue.queueing import QueueOptions
from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.serving.queue.sequences.open_sequences import SequenceLimits
from servescope.serving.queue.sequences.queue import SequenceQueue
from servescope.wire.frames import MAX_LENGTH
from serving.parts import Call, job


def asked(name: str, sequence: str = "", *, start: bool = False, end: bool = False, body: bytes = b"") -> Call:
    """A request of a sequence."""
    call = job(name, body=body)
    said = {
        "ts_request_sequence_id": sequence,
        "TS_Request_Sequence_Start": "True" * start,
        "ts_request_sequence_end": "true" * end,
    }
    call.job.request.headers = [(key.encode(), value.encode()) for key, value in said.items() if value]
    return call


class Kept(Fleet):
    """A pool with a queue that keeps sequences. Times in seconds, delays in ms."""

    def __init__(
        self,
        script: Script = silent,
        *,
        workers: int = 1,
        batch_size: int = 1,
        delay_ms: int = 0,
        client_ms: int = 0,
        idle_s: float = 10.0,
        age_s: float = 0.0,
        most: int = 100,
        waiting: int = 100,
        overlaps: bool = False,
        at_once: int = sys.maxsize,
        frame_limit: int = MAX_LENGTH,
    ) -> None:
        super().__init__(script, at_once=at_once)
        self.queue = SequenceQueue(
            "m",
            QueueOptions(5, batch_size, delay_ms, client_ms),
            SequenceLimits(idle_s, age_s, most, waiting),
            SequenceHeaders(),
            self.pool,
            self.recorder,
            self.model_recorder,
            frame_limit,
            overlaps=overlaps,
        )
        self.pool.events = self.queue
        self.pool.grow(workers)

    def ask(self, name: str, sequence: str = "", *, start: bool = False, end: bool = False, body: bytes = b"") -> Call:
        """Submit a request of a sequence."""
        call = asked(name, sequence, start=start, end=end, body=body)
        self.queue.submit(call.job)
        return call

    @property
    def open(self) -> float:
        """As the gauge has it."""
        return self.count("servescope_sequences_open", "m", "1.0")

    def begun(self, how: str) -> float:
        return self.count("servescope_sequences_begun_total", "m", "1.0", how)

    def ended(self, reason: str) -> float:
        return self.count("servescope_sequences_ended_total", "m", "1.0", reason)

    def rejected(self, why: str) -> float:
        return self.count("servescope_rejected_total", "m", "1.0", why)

    def answer(self, worker: int, number: int) -> None:
        """Have a worker answer one of its batches."""
        self.lives[worker].answer(self.lives[worker].batches[number])
