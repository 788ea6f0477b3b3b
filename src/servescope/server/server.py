"""A server as a whole: its parts in order, started one after the other, closed the other way round.

Made and run by `runtime`. The order of the end follows from that of the parts: models first (/ping fails, new requests are refused,
what is in flight is finished, workers stop), then ports, then what measures, then tokens.
"""

import asyncio
import contextlib
import logging

from servescope.server.apis.console import Console, ConsoleHours
from servescope.server.apis.inference import Inference
from servescope.server.apis.management import Management
from servescope.server.apis.scrapes import Scrapes
from servescope.server.beginning import Beginning
from servescope.server.composition import Part, compose
from servescope.server.grpc import Grpc
from servescope.server.http.certificates import Certificates
from servescope.server.http.exchanges import Exchanges
from servescope.server.http.front_ends import FrontEnds
from servescope.server.http.ports import Ports
from servescope.server.http.tokens import Tokens
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.server.processes import Processes
from servescope.server.scaling import Scaling
from servescope.server.service import Service
from servescope.server.snapshots import Snapshots
from servescope.server.traces import Traces
from servescope.server.workflows import Flows

logger = logging.getLogger("servescope.runtime")

PARTS: tuple[type[Part], ...] = (
    Certificates,
    Traces,
    Measuring,
    Exchanges,
    Processes,
    Models,
    Flows,
    Scaling,
    Tokens,
    Inference,
    Scrapes,
    Console,
    Management,
    FrontEnds,
    Ports,
    Grpc,
    Service,
    Snapshots,
    ConsoleHours,
)


class Server:
    """A whole server. Raises ConfigurationError where the settings cannot be used."""

    def __init__(self, beginning: Beginning) -> None:
        self._logs = beginning.logs
        self._parts = compose(PARTS, beginning)

    async def start(self) -> None:
        """Open the ports and begin to load the startup models.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        for part in self._parts:
            await part.start()

    def reload(self) -> None:
        """Open the log files anew, as they may have been moved away, and have every part look at its own files."""
        self._logs.reopen()
        logger.info("SIGHUP: the log files are opened anew")
        for part in self._parts:
            part.reload()

    async def close(self, hurry: asyncio.Event) -> None:
        """Finish what is in flight, then end; at once when `hurry` is set."""
        async with contextlib.AsyncExitStack() as closing:  # backwards, and all of them, even if one fails
            for part in self._parts:
                closing.push_async_callback(part.close, hurry)
        logger.info("Stopped")
