"""gRPC's ports, where it is on: the same models, lifecycle and tokens as HTTP's. grpcio is imported here, and nowhere before."""

import asyncio
import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from servescope.config.address import Address
from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.server.apis.management import Management
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.http.certificates import Certificates
from servescope.server.http.exchanges import Exchanges
from servescope.server.http.tokens import Tokens
from servescope.server.models import Models
from servescope.server.traces import Traces
from servescope.serving.queue.kinds.chosen import sequence_headers
from servescope.web.http.listening.tls import Tls
from servescope.web.kserve.speakers import Speakers

if TYPE_CHECKING:
    from servescope.web.grpc.listening.listener import GrpcListener
    from servescope.web.grpc.ports import Port

logger = logging.getLogger("servescope.runtime")

HOW = "install Servescope's extra grpc (docs/install.md)"


class Grpc(Part):
    """Stands behind `ports`: HTTP is there first. All is built at the start, when whatever is refused leaves no key file behind."""

    def __init__(
        self,
        beginning: Beginning,
        models: Models,
        tokens: Tokens,
        traces: Traces,
        management: Management,
        exchanges: Exchanges,
        certificates: Certificates,
    ) -> None:
        self._settings = beginning.settings
        self._models = models
        self._tokens = tokens
        self._traces = traces
        self._management = management
        self._exchanges = exchanges
        self._certificates = certificates
        self._listeners: list[GrpcListener] = []

    def _build(self) -> None:
        # Else gRPC would run handlers of its own in every fork, while its threads go on: workers die of SIGSEGV before they begin.
        os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
        from servescope.web.grpc.admission import Admission
        from servescope.web.grpc.ports import inference_port, management_port

        settings, models = self._settings, self._models
        catalog, health = models.catalog, models.health
        authority, observers = self._tokens.authority, self._exchanges.observers
        admission = Admission(catalog, health, authority, self._traces.tracer, settings.max_response_size)
        speakers, headers = Speakers(catalog, health, settings), sequence_headers(settings)
        self._listen(inference_port(admission, speakers, observers, headers))
        reports, model_api = self._management.reports, settings.enable_model_api
        management = management_port(models.lifecycle, reports, health, authority, observers, model_api=model_api)
        self._listen(management)

    def _listen(self, port: "Port") -> None:
        from servescope.web.grpc.listening.listener import GrpcListener, Limits

        settings, tls = self._settings, self._tls()
        host, number, age_ms, grace_ms = (
            getattr(settings, f"grpc_{port.api}_{what}")
            for what in ("address", "port", "max_connection_age_ms", "max_connection_age_grace_ms")
        )
        limits = Limits(settings.max_request_size, age_ms, grace_ms)
        address = Address("https" if tls else "http", host, number)
        self._listeners.append(GrpcListener(f"grpc_{port.api}_port", address, port.handlers, limits, tls))

    def _tls(self) -> Tls | None:
        if not self._settings.enable_grpc_ssl:
            return None
        if self._certificates.tls is None:
            raise ConfigurationError("enable_grpc_ssl=true needs private_key_file and certificate_file, or keystore")
        return self._certificates.tls

    async def start(self) -> None:
        """Open them.

        Raises:
            ConfigurationError: they cannot be had as configured, or one cannot be bound.
        """
        if wanted(self._settings):
            self._build()
        for listener in self._listeners:
            port = await listener.start()
            purpose = listener.option.split("_")[1]
            logger.info("gRPC %s API bind to: %s", purpose, f"{listener.address.host}:{port}")

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Close them, and what is left of calls."""
        for listener in self._listeners:
            await listener.close()


def wanted(settings: Settings) -> bool:
    """Whether gRPC is on.

    Raises:
        ConfigurationError: it is to be, and grpcio is not installed.
    """
    if settings.enable_grpc == "false":
        return False
    missing = [name for name in ("grpc", "google.protobuf") if not _installed(name)]
    if not missing:
        return True
    if settings.enable_grpc == "true":
        raise ConfigurationError(f"enable_grpc=true needs grpcio and protobuf, which are not installed: {HOW}")
    if named := _named(settings):
        logger.warning("%s: no gRPC, as grpcio is not installed: %s", ", ".join(named), HOW)
    return False


def _named(settings: Settings) -> Sequence[str]:
    """The keys about gRPC that were given."""
    return [key for key in settings.properties if key.startswith("grpc_") or key == "enable_grpc_ssl"]


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even what it is in
        return False
