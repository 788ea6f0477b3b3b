"""What one process of a front end has to do with the owner: its connections, what they ask, and what becomes of the answers.

In: what the process says. Out: requests to the port's app, whose answers go back through `remote`. Made by `front_end` for each
process, and gone with it: `lose` ends what is left as lost.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from servescope.errors import ServescopeError, ServiceUnavailable
from servescope.metrics.recording.codes import FRONT_END_LOST
from servescope.web.front_ends import messages as said
from servescope.web.front_ends.answers import Answers
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.remote import RemoteConnection
from servescope.web.front_ends.shelf import Shelf, with_body
from servescope.web.http.clients.clients import Recorder
from servescope.web.http.connections.taker import App, Asker
from servescope.web.http.request import Request
from servescope.wire.frames import Attachments

logger = logging.getLogger("servescope.web")


class Port(App, Protocol):
    """The port behind a desk, which answers too what has come without its body."""

    def fail(self, request: Request, connection: Asker, error: ServescopeError) -> None:
        """Answer with an error. Never raises."""


class Desk:
    """`takes`: what is called with what its process says, by kind. `channel`: to that process. `shelf`: where large bodies lie.
    `recorder` counts the port's connections. `census`: what was said last of how things are. `ready`: it takes connections.
    `looked`: set at each census.
    """

    def __init__(self, app: Port, recorder: Recorder) -> None:
        self.channel: Channel[said.FromFrontEnd]
        self.shelf: Shelf
        self.census = said.Census({}, 0.0, 0.0, 0)
        self.ready = asyncio.Event()
        self.looked = asyncio.Event()
        self._app = app
        self._recorder = recorder
        self._connections: dict[int, RemoteConnection] = {}
        self._answers = Answers()
        self.takes: dict[type, Callable[[Any, Attachments], None]] = {
            said.Asked: self._asked,
            said.Wrote: lambda message, _: self._answers.wrote(message.at),
            said.Left: self._left,
            said.Joined: self._joined,
            said.Refused: self._refused,
            said.Gone: self._gone,
            said.Drained: self._drained,
            said.Taking: lambda message, _: self._answers.taking(message.at),
            said.Taken: lambda message, _: self._connections[message.connection].taken(),
            said.Closed: lambda message, _: recorder.closed(message.reason),
            said.AcceptFailed: lambda message, _: recorder.accept_failed(message.reason),
            said.Census: self._counted,
            said.Ready: lambda *_: self.ready.set(),
            said.Said: _log,
        }

    def lose(self, written: int) -> int:
        """Its process has ended. `written`: how many answers it handed to the system, said or not. How many requests are lost."""
        self._answers.lose(written)
        in_hand = [connection for connection in self._connections.values() if connection.on_lost is not None]
        self._connections.clear()
        for connection in in_hand:
            connection.lost(FRONT_END_LOST)
        return len(in_hand)

    def _asked(self, message: said.Asked, attachments: Attachments) -> None:
        if message.wrote:
            self._answers.wrote(message.wrote)
        connection, request = self._connections[message.connection], message.request
        if not message.beside or self._has_body(request, message.beside, attachments, connection):
            self._app.begin(request, connection)

    def _left(self, message: said.Left, attachments: Attachments) -> None:
        if not message.beside or self._has_body(message.request, message.beside, attachments):
            self._app.left(message.request)

    def _has_body(
        self, request: Request, beside: list[int] | int, attachments: Attachments, connection: Asker | None = None
    ) -> bool:
        """Put it into the request. False: it is lost, and its client, if there is one still, has been told."""
        try:
            with_body(request, beside, attachments, self.shelf)
        except OSError as error:
            logger.error("The body of a request is lost on its way from a front end: %s", error)
            if connection is None:
                self._app.left(request)
            else:
                text = "The server has no file descriptor left for a large body"
                self._app.fail(request, connection, ServiceUnavailable(text, retry_after_s=1))
            return False
        return True

    def _joined(self, message: said.Joined, _: Attachments) -> None:
        number = message.connection
        self._connections[number] = RemoteConnection(
            self.channel, self._answers.unsaid, number, message.client, secure=message.secure
        )

    def _refused(self, message: said.Refused, _: Attachments) -> None:
        self._app.refuse(message.request, self._connections[message.connection])

    def _drained(self, message: said.Drained, _: Attachments) -> None:
        if (connection := self._connections.get(message.connection)) is not None:
            connection.drained()

    def _gone(self, message: said.Gone, _: Attachments) -> None:
        self._connections.pop(message.connection).lost()

    def _counted(self, message: said.Census, _: Attachments) -> None:
        self._answers.settle()  # who waits for it wants all that was told before it
        self.census = message
        self.looked.set()


def _log(message: said.Said, _: Attachments) -> None:
    logging.getLogger(message.logger).log(message.level, "%s", message.text)
