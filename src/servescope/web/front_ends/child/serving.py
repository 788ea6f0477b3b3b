"""A front end's life: it hears its terms, takes connections, does what the owner says, and ends with it. Called by `__main__`."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from servescope.errors import ConfigurationError
from servescope.web.front_ends import messages as said
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.child.books import Books
from servescope.web.front_ends.child.connection import RelayedConnection
from servescope.web.front_ends.child.dealt import Dealt
from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.child.records import install
from servescope.web.front_ends.child.relay import Relay
from servescope.web.front_ends.written import Written
from servescope.web.http.clients.acceptor import Acceptor
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.room import Room
from servescope.web.http.clients.rounds import Rounds
from servescope.web.http.listening.pair import Pair
from servescope.web.http.listening.tls import Tls
from servescope.wire.frames import Attachments

logger = logging.getLogger("servescope.web")

_GIVEN = Path("the owner's certificate")
_FAREWELL_S = 1.0  # that clients have to take what they were sent last


class Serving:
    """The process, apart from the loop that it runs on."""

    def __init__(self, dealt: Dealt, written: Written, lending: Lending) -> None:
        self.over = asyncio.Event()
        takes: dict[type, Callable[[Any, Attachments], None]] = {
            said.Look: lambda *_: self._relay.say(self._books.census(self._relay.awake.polled_s)),
            said.Terms: self._begin,
            said.Renew: self._renew,
            said.Stop: lambda *_: self._stop(),
        }
        self.channel: Channel[said.ToFrontEnd] = Channel(said.to_front_end(), takes, self.over.set)
        self._relay = Relay(self.channel, written, lending)
        takes.update(self._relay.takes)
        self._dealt = dealt
        self._books = Books(self._relay.say)
        self._acceptor: Acceptor | None = None
        self._rounds: Rounds | None = None
        self._tls: Tls | None = None
        self._pair = Pair(b"", b"")

    @property
    def say(self) -> Callable[[msgspec.Struct], None]:
        """Tells the owner something."""
        return self._relay.say

    def _begin(self, terms: said.Terms, _: Attachments) -> None:
        self._relay.body_limit = terms.body_limit
        self._relay.awake.allowed = terms.busy_poll
        if terms.certificate:
            self._pair = Pair(terms.certificate, terms.private_key)
            self._tls = Tls(_GIVEN, _GIVEN, lambda: self._pair)
        room = Room(Descriptors())
        clients = Clients(Patience(terms.header_s, terms.body_s), self._books)
        connect = partial(RelayedConnection, self._relay)
        self._acceptor = Acceptor(clients, room, connect, self._tls, favoured=False)
        self._dealt.setblocking(False)
        try:
            self._acceptor.start(self._dealt)
        except ConfigurationError as error:
            logger.error("A front end cannot serve: %s", error.message)
            self.over.set()
            return
        self._rounds = Rounds(room)
        self._rounds.start()
        self._relay.say(said.Ready())

    def _renew(self, given: said.Renew, _: Attachments) -> None:
        if self._tls is not None:
            self._pair = Pair(given.certificate, given.private_key)
            try:
                self._tls.reload()
            except ConfigurationError as error:  # the owner could read them a moment ago
                logger.error("A front end's certificate stays as it was: %s", error.message)

    def _stop(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        if self._rounds is not None:
            self._rounds.stop()
        self.over.set()

    async def farewell(self) -> None:
        """Wait until clients have taken what they were sent, for a moment."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._relay.deserted.wait(), _FAREWELL_S)
        self._relay.close()
        self.channel.close()


async def serve(channel: socket.socket, dealt: Dealt, written: Written, lending: Lending) -> None:
    """Serve until the owner says so, or is gone."""
    serving = Serving(dealt, written, lending)
    install(serving.say)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # as the server's own process: requests leave no cycles
    await serving.channel.open(channel)
    await serving.over.wait()
    await serving.farewell()
