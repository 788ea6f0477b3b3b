"""How an agent's connections to the front end are made. Blocks; called on threads by `agent`."""

import socket

from servescope.wire.agent import WELCOME, Errand, Role, greeting

PATIENCE_S = 10.0


def join(errand: Errand, role: Role) -> socket.socket:
    """A blocking connection that the front end has taken for this.

    Raises:
        OSError: it cannot be reached, or does not take it.
    """
    where = f"the front end at {errand.host}:{errand.port}"
    try:
        connection = socket.create_connection((errand.host, errand.port), PATIENCE_S)
    except OSError as error:
        raise OSError(f"{where} cannot be reached: {error}") from error
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(greeting(role, errand.ticket))
        if connection.recv(1) != WELCOME:
            raise OSError("it closed the connection")
        connection.settimeout(None)
    except OSError as error:
        connection.close()
        raise OSError(f"{where} does not take this worker's {role.name.lower()}: {error}") from error
    return connection
