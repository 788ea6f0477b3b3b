"""The worker's end of the channel: blocking reads and writes on the socket that was handed down, a pair's or TCP's.

Used by `worker.sessions.session`. A large attachment is read straight into the one buffer that the handler will be given.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from servescope.wire.frames import HEADER, HEADER_SIZE, Buffer, encode
from servescope.wire.messages import Cancel, FromWorker, Reply, ToWorker, Unread
from servescope.wire.polling import PollingReader
from servescope.wire.spooled.placing import Placed, ToChannel, gather

_READ_AHEAD = 64 * 1024
_VECTORS = 512  # below every system's IOV_MAX
_GONE = (ConnectionError, TimeoutError)  # the second of a network that has hung


class ChannelClosed(Exception):
    """The front end has gone."""


class BlockingChannel:
    """Messages over a connected stream socket. `send` may be called from any thread, `receive` from one.

    `messages`: what comes, as a type that msgspec knows; the front end's, unless it is a link between ranks.
    """

    def __init__(self, connection: socket.socket, messages: object = ToChannel) -> None:
        self._socket = connection
        self._decode: Callable[[memoryview], ToChannel] = msgspec.msgpack.Decoder(messages).decode
        self._held = bytearray()
        self._arriving = select.poll()
        self._arriving.register(connection, select.POLLIN)
        self._recv = self._recv_asleep
        self._sending = threading.Lock()

    def poll(self, polled: Callable[[float], None]) -> None:
        """Wait awake from now on where messages come in quick succession. `polled`: called with processor seconds it took."""
        self._recv = PollingReader(self._socket, polled).recv

    def receive(self) -> tuple[ToWorker, bytearray]:
        """The next message and its attachments end to end: the front end's, or how another rank's load went.

        Raises:
            ChannelClosed: the front end closed its end.
        """
        held = self._held
        while len(held) < HEADER_SIZE:
            held += self._read()
        length, size = HEADER.unpack_from(held)
        end = HEADER_SIZE + length
        while len(held) < end:
            held += self._read()
        message = self._decode(memoryview(held)[HEADER_SIZE:end])
        del held[:end]  # which copies nothing, as a slice would: many frames may wait behind this one
        if not size:
            return self._gathered(message, bytearray()) if isinstance(message, Placed) else (message, bytearray())
        body = bytearray(size)
        early = held[:size]
        body[: len(early)] = early
        del held[:size]
        self._read_into(memoryview(body)[len(early) :])
        return self._gathered(message, body) if isinstance(message, Placed) else (message, body)

    def _gathered(self, told: Placed, beside: bytearray) -> tuple[ToWorker, bytearray]:
        """The batch that it was told of. Where none of its requests can be read, it is as if their clients had gone."""
        batch, body, lost = gather(told, beside)
        if lost:
            self.send(Unread(batch.id, lost))
        if batch.requests:
            return batch, body
        self.send(Reply(batch.id, True, 500, "No request of it can be read", [], time.monotonic(), {}))
        return Cancel(batch.id, ""), bytearray()

    @property
    def has_more(self) -> bool:
        """Whether `receive` would have a message, or at least the beginning of one, or the end. It may be on its way still."""
        return bool(self._held) or bool(self._arriving.poll(0))

    def send(self, message: FromWorker, attachments: Sequence[Buffer] = ()) -> None:
        """Send a message with its attachments.

        Raises:
            ChannelClosed: the front end has gone.
        """
        frame = encode(message, attachments)
        self.send_buffers([frame, *attachments] if attachments else [frame])

    def send_buffers(self, buffers: Sequence[Buffer]) -> None:
        """Send frames that are encoded already, each followed by its attachments.

        Raises:
            ChannelClosed: the front end has gone.
        """
        with self._sending:
            try:
                if len(buffers) == 1:
                    self._socket.sendall(buffers[0])
                else:
                    self._send_all(buffers)
            except _GONE as error:
                raise ChannelClosed from error

    def _send_all(self, buffers: Sequence[Buffer]) -> None:
        """Every buffer, in order, without joining them."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        while views:
            sent = self._socket.sendmsg(views[:_VECTORS])
            while views and sent >= len(views[0]):
                sent -= len(views.pop(0))
            if sent:
                views[0] = views[0][sent:]

    def _recv_asleep(self, size: int) -> bytes:
        self._arriving.poll()  # see `PollingReader.recv`
        return self._socket.recv(size)

    def _read(self) -> bytes:
        try:
            data = self._recv(_READ_AHEAD)
        except _GONE as error:
            raise ChannelClosed from error
        if not data:
            raise ChannelClosed
        return data

    def _read_into(self, view: memoryview) -> None:
        while view:
            try:
                count = self._socket.recv_into(view)
            except _GONE as error:
                raise ChannelClosed from error
            if not count:
                raise ChannelClosed
            view = view[count:]
