"""Whether the server can do what it was asked to: read by probes and by each request, set by `server.service` at its end."""

from servescope.errors import ModelNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.wanted import WantedModel, WantedModels


class Health:
    """`draining`: the server is on its way out, and takes no more requests. `wanted`: what the start was asked for."""

    def __init__(self, catalog: Catalog, wanted: WantedModels) -> None:
        self._catalog = catalog
        self._wanted = wanted
        self.draining = False

    @property
    def healthy(self) -> bool:
        """What /ping answers, as TorchServe's: not while a default version has fewer living workers than its minimum."""
        return not self.draining and all(model.healthy for model in self._catalog.defaults())

    @property
    def ready(self) -> bool:
        """Whether a load balancer may send requests: each model that the start was asked for has come up, and has a worker."""
        return not self.draining and self._wanted.begun and not any(map(self.lacks, self._wanted))

    def lacks(self, wanted: WantedModel) -> bool:
        """Whether the server does without a model that it was asked for.

        Where several stand for it, the one counts that requests without a version find, else any.
        """
        defaults = [model for model in wanted.models if self._catalog.is_default(model)]
        return all(model.lacking for model in defaults or wanted.models)

    def serves_name(self, name: str) -> bool:
        """Whether the default version of this name can be asked now; not while the start has yet to register it, or could not.

        Raises:
            ModelNotFound: nobody has asked for such a model.
        """
        try:
            return self.serves(self._catalog.find(name))
        except ModelNotFound:
            if self.awaits(name):
                return False
            raise

    def awaits(self, name: str) -> bool:
        """Whether the start was asked for a model that it calls so, and has yet to register it, or could not."""
        return any(wanted.name == name and not wanted.models for wanted in self._wanted)

    def serves(self, model: Model) -> bool:
        """Whether this model can be asked now."""
        return not self.draining and model.ready
