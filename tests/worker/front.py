"""The front end's part, played by a test: a worker's `serve` runs on a thread, over a real socket pair."""

import socket
import threading
from collections import deque

import msgspec

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import FrameReader, encode
from servescope.wire.measured.memory import private
from servescope.wire.measured.reading import reader_of
from servescope.wire.messages import Batch, Field, FromWorker, Load, MetricDeclaration, Request
from servescope.worker.__main__ import serve

TIMEOUT_S = 5.0


def request(request_id="r", body=b"", *, content_type="", headers=(), extra=None, fields=None):
    """A request with one field, `body`, or with `fields`."""
    return Request(request_id, list(headers), extra or {}, fields or [Field("body", content_type, body)])


class Front:
    """A worker for a model's directory; `status` is what `serve` returned, or the exception that it raised.

    `measured` takes what its handler wrote to `context.metrics`; `in_children` is called in a child that it forks.
    """

    def __init__(self):
        self.near, self._far = socket.socketpair()
        self.near.settimeout(TIMEOUT_S)
        self._reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
        self._came = deque()
        self._memory = private()
        self.measured = None
        self.in_children = []
        self.status = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with self._far:
            try:
                self.status = serve(BlockingChannel(self._far), self._memory, self.in_children.append)
            except BaseException as error:
                self.status = error

    def load(
        self,
        directory,
        handler,
        *,
        declared=(),
        auto_detect=True,
        decode=True,
        envelope="",
        config="",
        answer_limit=0,
        measuring=None,
    ):
        """Send Load; the answer."""
        self.measured = reader_of(self._memory, measuring).take
        manifest = {"model": {"modelName": "m", "configFile": config}}
        metrics = [MetricDeclaration(*one) for one in declared]
        options = (4, None, True, decode, auto_detect, metrics, answer_limit, measuring)
        self.send(Load("m", "1.0", str(directory), manifest, handler, envelope, *options))
        return self.receive()[0]

    def send(self, message, attachments=()):
        self.near.sendall(bytes(encode(message, attachments)) + b"".join(attachments))

    def receive(self):
        """The next message and its attachments."""
        while not self._came:
            data = self.near.recv(65536)
            if not data:
                raise ChannelClosed
            self._came.extend(self._reader.feed(data))
        return self._came.popleft()

    def ask(self, *requests, attachments=(), number=1):
        """Send a batch; its final reply, after any streamed ones, which are dropped."""
        self.send(Batch(number, list(requests)), attachments)
        while True:
            reply, _ = self.receive()
            if reply.final:
                return reply

    def join(self):
        """Wait for the worker's end; its `status`."""
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()
        return self.status

    def close(self):
        self.near.close()
        self._thread.join(TIMEOUT_S)
