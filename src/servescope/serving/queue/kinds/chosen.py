"""Which kind of queue a model has: in, its options; out, the queue. Called by `serving.registration`.

What makes a batch is decided here, once, and by nothing on a request's way.
"""

from typing import Final

from servescope.config.model.options import ModelOptions
from servescope.config.settings import Settings
from servescope.fleet.pool import Pool
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.serving.queue.dispatcher import Dispatcher
from servescope.serving.queue.job_queue import JobQueue
from servescope.serving.queue.kinds.continuous import ContinuousDispatcher
from servescope.serving.queue.kinds.tickets import ContinuousTicketDispatcher, TicketDispatcher
from servescope.serving.queue.queueing import QueueOptions
from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.serving.queue.sequences.open_sequences import SequenceLimits
from servescope.serving.queue.sequences.queue import SequenceQueue

_KINDS: Final[dict[tuple[bool, bool], type[Dispatcher]]] = {  # by whether it steps, and whether it has tickets
    (False, False): Dispatcher,
    (False, True): TicketDispatcher,
    (True, False): ContinuousDispatcher,
    (True, True): ContinuousTicketDispatcher,
}


def queue_of(
    name: str, options: ModelOptions, settings: Settings, pool: Pool, recorder: Recorder, model_recorder: ModelRecorder
) -> JobQueue:
    """The queue of a model version, which hears of its workers from now on."""
    queue = QueueOptions(
        options.job_queue_size, options.batch_size, options.max_batch_delay_ms, options.client_timeout_ms
    )
    made: JobQueue
    if options.sequence_batching:
        made = SequenceQueue(
            name,
            queue,
            _limits(options),
            sequence_headers(settings),
            pool,
            recorder,
            model_recorder,
            overlaps=options.continuous_batching,
        )
    else:
        kind = _KINDS[options.continuous_batching, options.use_job_ticket]
        made = kind(name, queue, pool, recorder, model_recorder)
    pool.events = made
    return made


def sequence_headers(settings: Settings) -> SequenceHeaders:
    """What the headers of sequences are called."""
    return SequenceHeaders(
        settings.ts_header_key_sequence_id, settings.ts_header_key_sequence_start, settings.ts_header_key_sequence_end
    )


def _limits(options: ModelOptions) -> SequenceLimits:
    return SequenceLimits(
        options.sequence_max_idle_ms / 1000,
        options.sequence_timeout_ms / 1000,
        options.max_num_sequence,
        options.max_sequence_job_queue_size,
    )
