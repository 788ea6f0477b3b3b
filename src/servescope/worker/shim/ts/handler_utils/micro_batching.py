"""`ts.handler_utils.micro_batching`: a batch cut into small ones that run through the stages like an assembly line.

A handler puts it in place of its own method: `self.handle = MicroBatching(self, micro_batch_size=4)`.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor

STAGES = ("preprocess", "inference", "postprocess")


class MicroBatching:
    """Calls `parent_handler`'s preprocess, inference and postprocess on `micro_batch_size` rows at a time.

    `parallelism` maps a stage to its number of threads, one where it is not named.
    """

    def __init__(self, parent_handler, micro_batch_size: int = 1, parallelism=None) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}
        if int(micro_batch_size) < 1:
            raise ValueError(f"micro_batch_size={micro_batch_size}: must be at least 1")
        self.handler = parent_handler
        self.micro_batch_size = int(micro_batch_size)
        self.parallelism = parallelism or {}

    @property
    def parallelism(self):
        """Stage → number of threads."""
        return self._parallelism

    @parallelism.setter
    def parallelism(self, parallelism) -> None:
        for stage, threads in parallelism.items():
            if stage not in STAGES or int(threads) < 1:
                raise ValueError(f"parallelism {stage}={threads}: stages are {STAGES}, with at least one thread each")
        self.shutdown()
        self._parallelism = {stage: int(parallelism.get(stage, 1)) for stage in STAGES}
        self._pools = {
            stage: ThreadPoolExecutor(threads, thread_name_prefix=stage) for stage, threads in self._parallelism.items()
        }

    def shutdown(self) -> None:
        """End the threads once they are idle."""
        for pool in self._pools.values():
            pool.shutdown(wait=False)
        self._pools = {}

    def __del__(self) -> None:
        self.shutdown()

    def handle(self, data):
        """Rows → outputs in their order.

        A stage waits in its own threads for the one before it, so no thread is ever waited for by its own pool.
        """
        size = self.micro_batch_size
        futures = [self._start(data[start : start + size]) for start in range(0, len(data), size)]
        return [output for future in futures for output in future.result()]

    def _start(self, rows) -> Future:
        before: Future = Future()
        before.set_result(rows)
        for stage in STAGES:
            before = self._pools[stage].submit(self._run, stage, before)
        return before

    def _run(self, stage, before: Future):
        return getattr(self.handler, stage)(before.result())

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
