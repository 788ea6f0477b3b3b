"""`ts.handler_utils.micro_batching`: a batch cut into small ones that run through the stages like an assembly line.

A handler puts it in place of its own method: `self.handle = MicroBatching(self, micro_batch_size=4)`.
"""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

STAGES = ("preprocess", "inference", "postprocess")


class MicroBatching:
    """Calls `parent_handler`'s preprocess, inference and postprocess on `micro_batch_size` rows at a time.

    `parallelism` maps a stage to its number of threads, one where it is not named. Both may be set at any time, by the handler's
    own stages too; a batch that has begun goes on with the threads that it has.
    """

    def __init__(self, parent_handler, micro_batch_size: int = 1, parallelism=None) -> None:
        self.handler = parent_handler
        self._place = threading.local()
        self._parallelism = dict.fromkeys(STAGES, 1)
        self._pools = _pools_of(self._parallelism)
        self.micro_batch_size = micro_batch_size
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
        """Stage → number of threads. Set, it changes the stages that it names."""
        return dict(self._parallelism)

    @parallelism.setter
    def parallelism(self, parallelism) -> None:
        for stage, threads in parallelism.items():
            if stage not in STAGES or int(threads) < 1:
                raise ValueError(f"parallelism {stage}={threads}: stages are {STAGES}, with at least one thread each")
        wanted = {**self._parallelism, **{stage: int(threads) for stage, threads in parallelism.items()}}
        if wanted != self._parallelism:
            # Not ended here: a batch may be in the old ones. They end when nobody holds them any more.
            self._parallelism, self._pools = wanted, _pools_of(wanted)

    def shutdown(self) -> None:
        """End the threads once they are idle."""
        for pool in self._pools.values():
            pool.shutdown(wait=False)

    def get_micro_batch_idx(self):
        """Which micro batch of its batch the calling stage is at, from 0; None outside of a stage."""
        return getattr(self._place, "index", None)

    def handle(self, data):
        """Rows → outputs in their order.

        A stage waits in its own threads for the one before it, so no thread is ever waited for by its own pool.
        """
        size, pools = self._size, self._pools
        starts = range(0, len(data), size)
        futures = [self._start(pools, index, data[start : start + size]) for index, start in enumerate(starts)]
        return [output for future in futures for output in future.result()]

    def _start(self, pools, index, rows) -> Future:
        before: Future = Future()
        before.set_result(rows)
        for stage in STAGES:
            before = pools[stage].submit(self._run, stage, index, before)
        return before

    def _run(self, stage, index, before: Future):
        rows = before.result()
        self._place.index = index
        try:
            return getattr(self.handler, stage)(rows)
        finally:
            self._place.index = None

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


def _pools_of(parallelism) -> dict[str, ThreadPoolExecutor]:
    """The threads of each stage; they are started when there is something for them."""
    return {stage: ThreadPoolExecutor(threads, thread_name_prefix=stage) for stage, threads in parallelism.items()}
