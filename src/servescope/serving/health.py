"""Whether the server can do what it was asked to: read by /ping and by each request, set by `runtime` at its end."""

from servescope.serving.catalog import Catalog


class Health:
    """Unhealthy while draining, or while a model's default version has fewer living workers than its minimum."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.draining = False

    @property
    def healthy(self) -> bool:
        """What /ping answers."""
        return not self.draining and all(model.healthy for model in self._catalog.defaults())
