"""A gRPC port: binds it, answers its services on the server's own loop, closes in order. Made by `server.grpc`."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.web.grpc.listening.credentials import server_credentials
from servescope.web.http.listening.holders import holder_of
from servescope.web.http.listening.tls import Tls


@dataclass(frozen=True)
class Limits:
    """The most bytes of a client's message; how long connections may live and then finish, in milliseconds, None: for ever.

    Answers have no limit here: they are bounded where they are made, and counted by what became of them.
    """

    received: int
    age_ms: int | None = None
    grace_ms: int | None = None

    def options(self) -> list[tuple[str, int]]:
        """As gRPC's own. Without so_reuseport=0, a second server would bind the same port and take half of the calls."""
        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", self.received),
            ("grpc.max_send_message_length", -1),
        ]
        if self.age_ms is not None:
            options.append(("grpc.max_connection_age_ms", self.age_ms))
        if self.grace_ms is not None:
            options.append(("grpc.max_connection_age_grace_ms", self.grace_ms))
        return options


class GrpcListener:
    """`option`: the key that says the port. `tls` None: without."""

    def __init__(
        self,
        option: str,
        address: Address,
        handlers: Sequence[grpc.GenericRpcHandler],
        limits: Limits,
        tls: Tls | None,
    ) -> None:
        self.option = option
        self.address = address
        self._handlers = handlers
        self._limits = limits
        self._tls = tls
        self._server: grpc.aio.Server | None = None

    async def start(self) -> int:
        """Listen. The port, which the system chose where it is 0.

        Raises:
            ConfigurationError: it cannot be bound, or its certificate cannot be read.
        """
        server = grpc.aio.server(handlers=self._handlers, options=self._limits.options())
        port = self.address.port
        for host in await self._hosts():
            port = self._add(server, host, port)
        self._server = server
        await server.start()
        return port

    async def _hosts(self) -> list[str]:
        """The addresses that the host stands for, as far as they are this machine's.

        gRPC is given each by itself: of a name's it listens on those that are free, and is content.
        """
        host = self.address.host
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise self._refusal(f"{host} has no address: {error.strerror}") from error
        hosts = [str(place[0]) for family, _, _, _, place in dict.fromkeys(found) if _is_own(family, place)]
        if not hosts:
            raise self._refusal(f"{host} is no address of this machine")
        return hosts

    def _add(self, server: grpc.aio.Server, host: str, port: int) -> int:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if self._tls is None:
                added: int = server.add_insecure_port(target)
            else:
                added = server.add_secure_port(target, server_credentials(self._tls))
        except RuntimeError as error:
            holder = holder_of(Address("http", host, port))
            raise self._refusal(f"cannot listen on {target}: {_why(holder)}") from error
        return added

    def _refusal(self, why: str) -> ConfigurationError:
        return ConfigurationError(f"{self.option}={self.address.port}: {why} (enable_grpc=false serves without gRPC)")

    async def close(self) -> None:
        """End, and cut off what is left of calls."""
        if self._server is not None:
            await self._server.stop(None)


def _is_own(family: int, place: Any) -> bool:
    """Whether it can be listened on here, on some port."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(place)
    except OSError:
        return False
    return True


def _why(holder: str) -> str:
    return f"the port is taken, by {holder}" if holder else "the port is taken, or may not be had"
