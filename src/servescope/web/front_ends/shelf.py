"""Where large bodies lie that a front end has put there for the owner: a socket pair, over which their memory's descriptors go.

Made by `process`; `child.lending` puts them there, `desk` takes them. A body lies there before the request is said that it belongs
to, and in the same order. Its number comes with it, so that the front end can be told when the owner has let go of it.
`without_large_body` takes one out of its request there, `with_body` puts it back here.
"""

import os
import socket
from collections.abc import Callable, Sequence
from functools import partial

from servescope.web.front_ends.passed import lost, receive
from servescope.web.http.request import Request
from servescope.wire.frames import INLINE_LIMIT, Attachments, Buffer
from servescope.wire.spooled.body import Spooled, in_memory, scarce


class Shelf:
    """`end`: the owner's of the pair. Nothing here waits.

    `let_go` is called once for each body that was taken, with its number, and whether its memory may be written over: nobody of
    this process has it any more, and all workers that were told of it have answered. It may be called at any moment (`LetGo`).
    """

    def __init__(self, end: socket.socket, let_go: Callable[[int, bool], None]) -> None:
        end.setblocking(False)
        self._end = end
        self._let_go = let_go

    def take(self, length: int) -> bytes | Spooled:
        """The next that lies there; in bytes, where this process has few descriptors left.

        Raises:
            OSError: it has none at all, and the body is lost.
        """
        descriptor, number = receive(self._end)
        if descriptor is None:
            self._let_go(number, False)
            raise lost()
        body = Spooled(descriptor, length, partial(self._close, number))
        return body.read() if scarce(descriptor) else body

    def close(self) -> None:
        """What lies there is gone."""
        self._end.close()

    def _close(self, number: int, descriptor: int, reusable: bool) -> None:
        os.close(descriptor)
        self._let_go(number, reusable)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends. Raises OSError."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def without_large_body(request: Request, put: Callable[[Spooled], bool]) -> tuple[list[int] | int, Sequence[Buffer]]:
    """Takes a large body out of a request, and puts it on the shelf by `put`: its length. Where there is no room for it, or it is
    in pieces: their lengths, and the pieces, which travel beside the message.
    """
    if request.size <= INLINE_LIMIT:
        return [], ()
    pieces, request.body = request.body, []
    if len(pieces) == 1 and isinstance(body := pieces[0], Spooled) and put(body):
        return len(body), ()
    return list(map(len, pieces)), in_memory(pieces)


def with_body(request: Request, beside: list[int] | int, attachments: Attachments, shelf: Shelf) -> Request:
    """The request with the body that was taken out of it.

    Raises:
        OSError: it lay on the shelf, and is lost.
    """
    if isinstance(beside, int):
        request.body = [shelf.take(beside)]
    else:
        request.body = [bytes(attachments.take(length)) for length in beside]
    return request
