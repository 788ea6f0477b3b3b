"""The ports: one for each address; APIs with the same address share it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from servescope import __version__
from servescope.server.apis.api import Api
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.http.certificates import Certificates
from servescope.server.http.exchanges import Exchanges
from servescope.server.http.front_ends import FrontEnds
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.web.front_ends.remote import begin_remote
from servescope.web.http.app import HttpApp
from servescope.web.http.clients.acceptor import Acceptor
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.room import Room
from servescope.web.http.clients.rounds import Rounds
from servescope.web.http.connections.connection import Connection
from servescope.web.http.exchange import json_body
from servescope.web.http.listening.listener import Listener
from servescope.web.http.listening.tls import Tls
from servescope.web.openapi import port_document
from servescope.web.probes import probes

logger = logging.getLogger("servescope.runtime")


class Ports(Part):
    """Listens for all APIs that stand before it, and for probes."""

    def __init__(
        self,
        beginning: Beginning,
        measuring: Measuring,
        exchanges: Exchanges,
        certificates: Certificates,
        models: Models,
        front_ends: FrontEnds,
        apis: list[Api],
    ) -> None:
        self._settings = beginning.settings
        self._probes = probes(models.surveyor)
        self._observers = exchanges.observers
        self._tls = certificates.tls
        self._recorder = measuring.recorder.connections
        self._front_ends = front_ends
        self._room = Room(Descriptors())
        self._rounds = Rounds(self._room)
        self._listeners = [self._listener(sharing) for sharing in self._by_address(apis)]

    def _by_address(self, apis: Sequence[Api]) -> list[list[Api]]:
        ports: dict[str, list[Api]] = {}
        for api in apis:
            if api.enabled:
                ports.setdefault(str(getattr(self._settings, f"{api.address}_address")), []).append(api)
        return list(ports.values())

    def _listener(self, apis: Sequence[Api]) -> Listener:
        settings = self._settings
        names = [api.name for api in apis]
        document = port_document(__version__, **dict.fromkeys(names, True))
        description = json_body(document)
        relayed = self._front_ends.wanted and "inference" in names
        begin = partial(begin_remote, self._observers) if relayed else None
        handlers = [api.handler(names, description) for api in apis]
        app = HttpApp(handlers, settings, self._observers, self._probes, begin, spools=relayed)
        option = f"{names[0]}_address"
        address = getattr(settings, option)
        tls = self._tls if address.tls else None
        return Listener(
            option, address, self._front_ends.serve(app, self._room) if relayed else self._acceptor(names, app, tls)
        )

    def _acceptor(self, names: Sequence[str], app: HttpApp, tls: Tls | None) -> Acceptor:
        settings = self._settings
        patience = Patience(settings.client_header_timeout, settings.client_body_timeout)
        clients = Clients(patience, self._recorder.port(names[0]))
        return Acceptor(clients, self._room, partial(Connection, app), tls, favoured="inference" not in names)

    async def start(self) -> None:
        """Open them.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        self._rounds.start()
        for listener in self._listeners:
            await listener.start()
            purpose = listener.option.removesuffix("_address").capitalize()
            logger.info("%s API bind to: %s", purpose, listener.address)

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Close them, and what is left of connections."""
        self._rounds.stop()
        for listener in self._listeners:
            await listener.close()
