"""The processes that speak HTTP on the inference port, where `front_ends` is more than one."""

import asyncio

from servescope.fleet.capacity import may_poll
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.http.certificates import Certificates
from servescope.server.measuring import Measuring
from servescope.server.processes import Processes
from servescope.web.front_ends.crew import Crew
from servescope.web.front_ends.desk import Port
from servescope.web.front_ends.messages import Terms
from servescope.web.http.clients.room import Room
from servescope.web.http.listening.listener import Accepting


class FrontEnds(Part):
    """Stands before `ports`, which has it serve an app if it is `wanted`."""

    def __init__(
        self, beginning: Beginning, measuring: Measuring, certificates: Certificates, processes: Processes
    ) -> None:
        self._settings = beginning.settings
        self._recorder = measuring.recorder
        self._offspring = processes.offspring
        self._measuring = measuring
        self._certificates = certificates
        self._crew: Crew | None = None
        self._busy_poll = may_poll(self._settings)
        self.wanted = self._settings.front_ends > 1

    def serve(self, app: Port, room: Room) -> Accepting:
        """Have them, once started, speak for this app; what takes its connections, as long as there is `room` for them."""
        self._crew = crew = Crew(
            self._settings.front_ends,
            self._terms,
            app,
            self._recorder.connections.port("inference"),
            self._recorder.front_ends,
            self._offspring,
            room,
        )
        self._measuring.before.append(crew.look)
        self._certificates.renewed.append(crew.renew)
        return crew.dealer

    async def start(self) -> None:
        """Start them.

        Raises:
            ConfigurationError: one cannot be started, or the certificate cannot be read.
        """
        if self._crew is not None:
            self._terms()  # what is wrong with the certificate is said before there is a process
            await self._crew.start()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """End them, and what is left of connections."""
        if self._crew is not None:
            await self._crew.close()

    def _terms(self) -> Terms:
        """As they are now: a front end that takes another's place has the newest certificate."""
        settings, tls = self._settings, self._certificates.tls
        certificate, key = tls.pair() if tls is not None and settings.inference_address.tls else (b"", b"")
        patience = (settings.client_header_timeout, settings.client_body_timeout)
        return Terms(settings.max_request_size, *patience, certificate, key, self._busy_poll)
