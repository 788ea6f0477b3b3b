"""The queue of a model whose workers keep a running batch: a request goes at once to a worker with room in its batch.

It joins the others at the handler's next step (`worker.sessions.continuous`), so no batch is waited for here. As TorchServe's
wlm/ContinuousBatching, but that it is the worker that steps.
"""

from servescope.serving.queue.dispatcher import Dispatcher


class ContinuousDispatcher(Dispatcher):
    """`options.batch_size`: rows of a running batch."""

    def _pump(self) -> None:
        while self._queue and (worker := self._free.next(full=False)) is not None:
            self._send([self._queue.popleft()], worker)
            self._free.given(worker)
