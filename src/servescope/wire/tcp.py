"""How the TCP connections between front end and workers elsewhere are set: in, one that is new. Called at either end.

The kernel asks on idle ones whether the other end is there. So what is between, a firewall or an address translation, does not
forget a channel that has had no request for hours, and one that is lost alone is noticed: control connections have pings of their
own (`wire.agent`).

Between machines the system sizes the buffers, as a window has to be what the way there can hold. On one machine that only drives a
body through memory instead of through a processor's cache, and the one end waits while the other copies: there they are small.
"""

import socket
from typing import Final

# Seconds. A connection that is idle for so long is asked about, so often, and given up after so many questions without an answer.
IDLE_S: Final = 20
AGAIN_S: Final = 5
QUESTIONS: Final = 4
# Bytes. Of 64 KiB to 4 MiB this carried bodies of 6 MB with the least of the processors' time; the system takes megabytes.
SAME_MACHINE_BUFFER: Final = 256 * 1024


def prepare(connection: socket.socket) -> None:
    """Have small frames go out at once, and the other end looked for."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, IDLE_S),
        (socket.TCP_KEEPINTVL, AGAIN_S),
        (socket.TCP_KEEPCNT, QUESTIONS),
    ):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
    if connection.getsockname()[0] == connection.getpeername()[0]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SAME_MACHINE_BUFFER)
