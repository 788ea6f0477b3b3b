"""`ts.handler_utils.micro_batching`: a batch cut into small ones that run through the stages like an assembly line.

A handler puts it in place of its own method: `self.handle = MicroBatching(self, micro_batch_size=4)`.
"""

import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue

STAGES = HANDLER_METHODS = ("preprocess", "inference", "postprocess")


class MicroBatching:
    """Calls `parent_handler`'s preprocess, inference and postprocess on `micro_batch_size` rows at a time.

    `parallelism` maps a stage to its number of threads, one where it is not named; a change is of the stages that it names.
    Both may be set at any time, by the handler's own stages too. `thread_groups` has the threads of each stage.
    """

    def __init__(self, parent_handler, micro_batch_size: int = 1, parallelism=None) -> None:
        self.thread_groups: dict[str, list[threading.Thread]] = {stage: [] for stage in STAGES}
        self.micro_batch_size = micro_batch_size
        self.handler = parent_handler
        self._place = threading.local()
        self._resizing = threading.Lock()
        self._waiting = {stage: SimpleQueue() for stage in STAGES}
        self._parallelism = dict.fromkeys(STAGES, 1)
        self.parallelism = parallelism or {}

    @property
    def micro_batch_size(self) -> int:
        """Rows of a micro batch."""
        return self._size

    @micro_batch_size.setter
    def micro_batch_size(self, rows) -> None:
        if int(rows) < 1:
            raise ValueError(f"micro_batch_size={rows}: must be at least 1")
        self._size = int(rows)

    @property
    def parallelism(self):
        """Stage → number of threads."""
        return dict(self._parallelism)

    @parallelism.setter
    def parallelism(self, parallelism) -> None:
        for stage, threads in parallelism.items():
            if stage not in STAGES or int(threads) < 1:
                raise ValueError(f"parallelism {stage}={threads}: stages are {STAGES}, with at least one thread each")
        with self._resizing:
            self._parallelism |= {stage: int(threads) for stage, threads in parallelism.items()}
            self._resize(self._parallelism)

    def shutdown(self) -> None:
        """End the threads once they have done what waits for them."""
        with self._resizing:
            self._resize(dict.fromkeys(STAGES, 0))

    def __del__(self) -> None:
        if hasattr(self, "_waiting"):
            self.shutdown()

    def _resize(self, numbers) -> None:
        for stage, threads in self.thread_groups.items():
            while len(threads) < numbers[stage]:
                # Not this object's method: a thread that held it would keep it for good.
                given = (self._waiting[stage], self._place)
                threads.append(threading.Thread(target=_work, args=given, name=stage, daemon=True))
                threads[-1].start()
            while len(threads) > numbers[stage]:
                threads.pop()
                self._waiting[stage].put(None)  # whichever takes it ends

    def get_micro_batch_idx(self):
        """Which small batch of its batch the calling thread has in hand, from 0; None outside of one."""
        return getattr(self._place, "index", None)

    def handle(self, data):
        """Rows → outputs in their order."""
        size = self.micro_batch_size
        results = [
            self._start(index, data[start : start + size]) for index, start in enumerate(range(0, len(data), size))
        ]
        return [output for result in results for output in result.result()]

    def _start(self, index, rows) -> Future:
        """The end of one small batch's way. Each stage hands it to the next, so no thread waits for another's work."""
        end: Future = Future()
        calls = [(self._waiting[stage], getattr(self.handler, stage)) for stage in STAGES]
        _hand_on(calls, index, rows, end)
        return end

    def __call__(self, data, context):
        """What the worker calls; descriptions and explanations take the handler's own way."""
        started = time.perf_counter()
        self.handler.context = context
        header = context.get_request_header
        if header(0, "describe") == "True" or header(0, "explain") == "True":
            return type(self.handler).handle(self.handler, data, context)
        outputs = self.handle(data)
        context.metrics.add_time("HandlerTime", round((time.perf_counter() - started) * 1000, 2), None, "ms")
        return outputs


def _hand_on(calls, index, rows, end) -> None:
    """To the first of the stages that are left, or to whoever waits at the end."""
    if not calls:
        end.set_result(rows)
        return
    (waiting, call), *rest = calls
    waiting.put((index, call, rows, rest, end))


def _work(waiting, place) -> None:
    """A stage's thread, until it is told to end."""
    while (work := waiting.get()) is not None:
        place.index, call, rows, rest, end = work
        try:
            outputs = call(rows)
        except BaseException as error:
            end.set_exception(error)
        else:
            _hand_on(rest, place.index, outputs, end)
        place.index = None
        del work, call, rows, rest, end
