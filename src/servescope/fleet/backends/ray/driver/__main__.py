"""`python -m servescope.fleet.backends.ray.driver FD ADDRESS`: the Ray driver of one front end, a process of its own.

In: `Place` and `Release`, on the descriptor. Out: what becomes of the actors. It is apart because Ray ends a driver whose cluster
is gone, and because the front end would pay for ray's import and threads. Its actors end with it; it ends with the front end.
"""

import asyncio
import os
import socket
import sys
import threading
from typing import Any

import msgspec

from servescope.fleet.backends.ray.driver.actors import Actors
from servescope.fleet.backends.ray.driver.cluster import Cluster, Unusable
from servescope.fleet.backends.ray.messages import Connected, FromDriver, Place, ToDriver, Unable
from servescope.wire.frames import FrameReader, encode

# How long actors have to end by themselves once the front end has gone; then Ray ends them with this process.
FAREWELL_S = 10.0
CONNECT_S = 45.0
_decoder: "msgspec.msgpack.Decoder[ToDriver]" = msgspec.msgpack.Decoder(ToDriver)


class Driver(asyncio.Protocol):
    """The front end's words, done. `over`: it has gone."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._feed = FrameReader(_decoder).feed
        self._transport: Any = None
        self._early: list[ToDriver] = []
        self._actors: Actors | None = None

    def tell(self, message: FromDriver) -> None:
        """Send to the front end."""
        if not self._transport.is_closing():
            self._transport.write(encode(message))

    def begin(self, actors: Actors) -> None:
        """There is a cluster: do what was said meanwhile, and what will be."""
        self._actors = actors
        for message in self._early:
            self._do(message, actors)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        for message, _ in self._feed(data):
            if self._actors is None:
                self._early.append(message)
            else:
                self._do(message, self._actors)

    def _do(self, message: ToDriver, actors: Actors) -> None:
        if isinstance(message, Place):
            actors.place(message)
        else:
            actors.release(message.id, lost=message.lost)

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.over.set()


async def drive(descriptor: int, address: str) -> None:
    """Until the front end has gone."""
    loop = asyncio.get_running_loop()
    driver = Driver()
    await loop.create_unix_connection(lambda: driver, sock=socket.socket(fileno=descriptor))
    cluster = Cluster(address)
    connecting = asyncio.create_task(asyncio.to_thread(cluster.connect))
    gone = asyncio.create_task(driver.over.wait())
    await asyncio.wait((connecting, gone), return_when=asyncio.FIRST_COMPLETED, timeout=CONNECT_S)
    if not connecting.done():
        driver.tell(Unable(f"ray_address={address}: it has not answered in {CONNECT_S:g} s"))
        await asyncio.sleep(0)
        os._exit(1)  # ray's threads do not end by themselves
    try:
        driver.tell(Connected(connecting.result()))
    except Unusable as error:
        driver.tell(Unable(str(error)))
        return
    actors = Actors(cluster, driver.tell)
    driver.begin(actors)
    await gone
    _end_anyway()
    await actors.ended(FAREWELL_S)
    await asyncio.to_thread(cluster.disconnect)


def _end_anyway() -> None:
    """A cluster that hangs keeps no driver."""
    timer = threading.Timer(2 * FAREWELL_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


def main() -> int:
    """Drive the cluster at the address for the front end behind the descriptor."""
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    asyncio.run(drive(descriptor, sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
