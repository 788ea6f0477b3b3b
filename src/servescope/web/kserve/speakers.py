"""Which models speak KServe's V2 protocol, and what its clients are told of them and of the server.

Asked by `api`, and over gRPC by `web.grpc.kserve`: one answer each, whichever way the question came.
"""

from typing import Any

from servescope.config.model.options import V2_ENVELOPE
from servescope.config.settings import Settings
from servescope.errors import ModelNotFound, ResourceNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health
from servescope.web.kserve.metadata import model_metadata
from servescope.web.kserve.server import server_metadata


class Speakers:
    """The catalog's models, as V2 sees them."""

    def __init__(self, catalog: Catalog, health: Health, settings: Settings) -> None:
        self._catalog = catalog
        self._health = health
        self._all_speak = settings.service_envelope == V2_ENVELOPE

    def speaks(self, name: str) -> bool:
        """Whether a model speaks the protocol, or where there is none, whether the server does for any."""
        if self._all_speak:
            return True
        try:
            models = list(self._catalog.versions(name).values())
        except ModelNotFound:
            models = list(self._catalog)
        return any(model.options.v2 is not None for model in models)

    def server(self) -> dict[str, Any]:
        """The server's metadata."""
        return server_metadata(speaks_v2=self.speaks(""))

    def ready(self, name: str, version: str | None) -> bool:
        """Whether a model can be asked now; None: its default version.

        Raises:
            ModelNotFound, ModelVersionNotFound: there is no such model, and the start was asked for none.
        """
        return (
            self._health.serves_name(name)
            if version is None
            else self._health.serves(self._catalog.find(name, version))
        )

    def metadata(self, model: Model) -> dict[str, Any]:
        """What the model's `v2` section declares, and its versions.

        Raises:
            ResourceNotFound: it does not speak the protocol.
        """
        if model.options.v2 is None:
            raise ResourceNotFound
        return model_metadata(model.name, self._catalog.versions(model.name), model.options.v2)
