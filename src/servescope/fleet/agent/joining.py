"""How an agent's connections to the front end are made. Called by `agent`."""

import asyncio
import socket

from servescope.fleet.agent.tunnel import tunnel
from servescope.wire.agent import WELCOME, Errand, Role, greeting
from servescope.wire.tcp import prepare

PATIENCE_S = 10.0


async def join(errand: Errand, role: Role) -> socket.socket:
    """A blocking connection that the front end has taken for this.

    Raises:
        OSError: it cannot be reached, is not who it should be, or does not take it.
    """
    connection = await _connect(errand)
    try:
        await asyncio.to_thread(_greet, connection, greeting(role, errand.ticket))
    except OSError as error:
        connection.close()
        raise OSError(f"{_where(errand)} does not take this worker's {role.name.lower()}: {error}") from error
    return connection


async def _connect(errand: Errand) -> socket.socket:
    context = errand.tls.connecting() if errand.tls is not None else None
    try:
        if context is not None:
            return await tunnel(errand.host, errand.port, context, PATIENCE_S)
        return await asyncio.to_thread(_connect_plainly, errand)
    except OSError as error:
        trusted = f" ({errand.tls.authority})" if errand.tls is not None else ""
        raise OSError(f"{_where(errand)} cannot be reached: {str(error) or 'it does not answer'}{trusted}") from error


def _connect_plainly(errand: Errand) -> socket.socket:
    connection = socket.create_connection((errand.host, errand.port), PATIENCE_S)
    prepare(connection)
    return connection


def _greet(connection: socket.socket, words: bytes) -> None:
    connection.settimeout(PATIENCE_S)
    connection.sendall(words)
    if connection.recv(1) != WELCOME:
        raise OSError("it closed the connection")
    connection.settimeout(None)


def _where(errand: Errand) -> str:
    return f"the front end at {errand.host}:{errand.port}"
