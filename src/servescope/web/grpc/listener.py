"""A gRPC port: binds it, answers its services on the server's own loop, closes in order. Made by `server.grpc`."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from servescope.config.address import Address
from servescope.errors import ConfigurationError


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
    """`option`: the key that says the port. `credentials` None: without TLS."""

    def __init__(
        self,
        option: str,
        address: Address,
        handlers: Sequence[grpc.GenericRpcHandler],
        limits: Limits,
        credentials: grpc.ServerCredentials | None,
    ) -> None:
        self.option = option
        self.address = address
        self._handlers = handlers
        self._limits = limits
        self._credentials = credentials
        self._server: grpc.aio.Server | None = None

    async def start(self) -> int:
        """Listen. The port, which the system chose where it is 0.

        Raises:
            ConfigurationError: it cannot be bound.
        """
        server = grpc.aio.server(handlers=self._handlers, options=self._limits.options())
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        target = f"{host}:{self.address.port}"
        try:
            if self._credentials is None:
                port: int = server.add_insecure_port(target)
            else:
                port = server.add_secure_port(target, self._credentials)
        except RuntimeError as error:
            why = "the port is taken, or is no port of this machine (enable_grpc=false serves without gRPC)"
            raise ConfigurationError(f"{self.option}={self.address.port}: cannot listen on {target}: {why}") from error
        self._server = server
        await server.start()
        return port

    async def close(self) -> None:
        """End, and cut off what is left of calls."""
        if self._server is not None:
            await self._server.stop(None)
