"""`ts.async_service`: answers TorchServe's front end with a handler that is a coroutine, many requests at a time.

In: a `ts.service.Service` and its socket. Out: a reply for each command to predict, in the order in which they are ready. Called by
`ts.model_service_worker`.
"""

import asyncio
import contextlib
import logging
import socket
import traceback

from ts.protocol.otf_message_handler import PREDICT_MSG, retrieve_msg

logger = logging.getLogger(__name__)


class AsyncService:
    """Serves until the front end hangs up."""

    def __init__(self, service) -> None:
        self.service = service
        self._tasks = set()
        self._fault = None

    def run(self):
        """Serve; the traceback of what went wrong, None where it was only the front end that hung up."""
        try:
            asyncio.run(self._serve())
        except Exception:
            return traceback.format_exc()
        return None

    async def _serve(self):
        try:
            while (batch := await asyncio.to_thread(self.receive_request)) is not None:
                task = asyncio.create_task(self.call_predict(batch))
                self._tasks.add(task)
                task.add_done_callback(self._over)
        finally:
            for task in self._tasks:  # nobody is there to be answered
                task.cancel()
        if self._fault is not None:
            raise self._fault

    def receive_request(self):
        """The next batch, None where the front end has hung up. Blocks."""
        while True:
            try:
                command, batch = retrieve_msg(self.service.cl_socket)
            except SystemExit:
                return None
            if command == PREDICT_MSG:
                return batch
            logger.warning("Unexpected command: %r", bytes(command))

    async def call_predict(self, batch) -> None:
        """Answer a batch."""
        reply = await self.service.predict_async(batch)
        if reply is not None:
            with contextlib.suppress(ConnectionError):  # it has hung up, as whoever reads will notice
                self.service.cl_socket.sendall(reply)

    def _over(self, task):
        """A batch that got no answer ends the worker: its front end would wait for ever."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A batch could not be answered", exc_info=error)
            self._fault = error
            with contextlib.suppress(OSError):
                self.service.cl_socket.shutdown(socket.SHUT_RD)  # who reads sees the end
