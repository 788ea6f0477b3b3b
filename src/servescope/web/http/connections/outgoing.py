"""Bytes of answers on their way to a transport, and how far their client has come with them. Called by `connection`.

Under TLS the loops encrypt at once what one call gives them, hand all of that on to the connection below, and count it no more: of
a large answer they never said that a client does not read it. In slices it takes a quarter of the processor time, and they do say
so, until the client reads on: then what is left goes to the connection below at once.
"""

import asyncio
import socket
import sys
from contextlib import suppress

_TCP_INFO_BYTES = 128
_BYTES_ACKED = slice(120, 128)  # of struct tcp_info, linux/tcp.h
LARGE = 64 * 1024  # bytes that wait for a client before a transport says so; of a slice, too


def write(transport: asyncio.Transport, piece: bytes | memoryview) -> None:
    """Write one piece, of any size. Not several by `writelines`: after it the asyncio of Python 3.12.0 to 3.13.1 does not say that
    a client does not read (CVE-2024-12254).
    """
    if len(piece) < LARGE or transport.get_extra_info("sslcontext") is None:
        transport.write(piece)
        return
    view = memoryview(piece)
    for start in range(0, len(view), LARGE):
        transport.write(view[start : start + LARGE])


def progress(transport: asyncio.Transport) -> int:
    """A number of bytes that changes while its client takes what waits for it: what waits. Under TLS nobody knows that, and it is
    what the client's system has acknowledged so far.
    """
    if transport.get_extra_info("sslcontext") is not None:
        with suppress(OSError):  # no TCP
            told: bytes = transport.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES
            )
            return int.from_bytes(told[_BYTES_ACKED], sys.byteorder)
    return transport.get_write_buffer_size()
