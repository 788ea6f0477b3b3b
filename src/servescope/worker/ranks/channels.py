"""The channels of ranks: rank 0 hears the front end and passes on, the others hear rank 0 and say nothing but how their load went.

All ranks do the same in the same order, as their collective operations must meet: so what rank 0 finds when it looks whether
more has come (`has_more`, between two steps of a running batch) is what the others find. Used by `rank`.
"""

import socket
import threading
from collections.abc import Sequence
from typing import cast

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import Buffer, encode
from servescope.wire.messages import Batch, Cancel, FromWorker, Load, Loaded, NoMore, ToRank, ToWorker


class LeadingChannel(BlockingChannel):
    """Rank 0's. `others`: the links to the other ranks. `spread`: they get requests too (tensor parallel), else only loads and the
    end, and the model itself brings them their share (a pipeline).
    """

    def __init__(self, connection: socket.socket, others: Sequence[BlockingChannel], spread: bool) -> None:
        super().__init__(connection)
        self._others = others
        self._spread = spread
        self._listening: list[threading.Thread] = []
        self._left = False  # one of them has, without a word
        self._said: Loaded | None = None
        self._saying = threading.Lock()

    def receive(self) -> tuple[ToWorker, bytearray]:
        """See `BlockingChannel`."""
        message, body = super().receive()
        if isinstance(message, Load):
            self._listen()
        if self._spread or not isinstance(message, Batch | Cancel):
            self._pass_on(message, body)
        return message, body

    @property
    def has_more(self) -> bool:
        """See `BlockingChannel`. That nothing has come is passed on as well."""
        more = super().has_more
        if not more and self._spread:
            self._pass_on(NoMore(), bytearray())
        return more

    def _pass_on(self, message: ToRank, body: bytearray) -> None:
        buffers: list[Buffer] = [body] if body else []
        for link in self._others:
            link.send_buffers([encode(message, buffers), *buffers])

    def send(self, message: FromWorker, attachments: Sequence[Buffer] = ()) -> None:
        """See `BlockingChannel`. The model is loaded when all ranks have it; the first that has not says why."""
        if not isinstance(message, Loaded):
            super().send(message, attachments)
            return
        if message.code == 200:
            for thread in self._listening:
                thread.join()
            if self._left:
                raise ChannelClosed
        self._say(message)

    def _listen(self) -> None:
        """Hear how the others' loads go, while rank 0 loads: it may wait for one that fails, and is ended while it waits."""
        self._listening = [threading.Thread(target=self._hear, args=(link,), daemon=True) for link in self._others]
        for thread in self._listening:
            thread.start()

    def _hear(self, link: BlockingChannel) -> None:
        try:
            told = cast("Loaded", link.receive()[0])
            if told.code != 200:
                self._say(told)
        except ChannelClosed:
            self._left = True

    def _say(self, loaded: Loaded) -> None:
        """Once."""
        with self._saying:
            if self._said is None:
                self._said = loaded
                super().send(loaded)


class FollowingChannel(BlockingChannel):
    """Another rank's, to rank 0. `local_rank`: which GPU of the worker's own is its, where there are any."""

    def __init__(self, connection: socket.socket, local_rank: int) -> None:
        super().__init__(connection, ToRank)
        self._local_rank = local_rank
        self._found: tuple[ToWorker, bytearray] | None = None

    def receive(self) -> tuple[ToWorker, bytearray]:
        """See `BlockingChannel`."""
        found, self._found = self._found, None
        while found is None:  # rank 0 has looked in vain, and then waited
            found = self._next()
        return found

    def _next(self) -> tuple[ToWorker, bytearray] | None:
        """What rank 0 passes on; None: it has found no more."""
        received: tuple[ToRank, bytearray] = super().receive()
        message, body = received
        if isinstance(message, NoMore):
            return None
        if isinstance(message, Load) and message.gpu_id is not None:
            message.gpu_id = self._local_rank
        return message, body

    @property
    def has_more(self) -> bool:
        """See `BlockingChannel`: what rank 0 has found, once it has looked."""
        if self._found is None:
            self._found = self._next()
        return self._found is not None

    def send(self, message: FromWorker, attachments: Sequence[Buffer] = ()) -> None:
        """See `BlockingChannel`. Only how the load went: rank 0 speaks for all."""
        if isinstance(message, Loaded):
            super().send_buffers([encode(message, attachments), *attachments])

    def send_buffers(self, buffers: Sequence[Buffer]) -> None:
        """See `BlockingChannel`. Answers, which rank 0 gives."""
