"""The management API."""

from collections.abc import Sequence

from servescope.metrics.collectors.gpus.usage import gpu_usage
from servescope.metrics.collectors.process import ProcessMemory
from servescope.server.apis.api import Api
from servescope.server.beginning import Beginning
from servescope.server.http.tokens import Tokens
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.server.scaling import Scaling
from servescope.web.http.app import Handler
from servescope.web.management.api import ManagementApi
from servescope.web.management.model_reports import ModelReports


class Management(Api):
    """Changes of models, and reports on them, which `reports` makes."""

    name = "management"

    def __init__(
        self, beginning: Beginning, measuring: Measuring, models: Models, scaling: Scaling, tokens: Tokens
    ) -> None:
        self._settings = beginning.settings
        self._models = models
        self._tokens = tokens
        self.reports = ModelReports(
            models.catalog,
            ProcessMemory().resident_bytes,
            lambda gpu: gpu_usage(measuring.registry, beginning.hostname, gpu),
            models.health,
            scaling.loop.report,
        )

    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:  # noqa: ARG002
        """See `Api`."""
        return ManagementApi(self._models.lifecycle, self.reports, self._settings, self._tokens.authority, description)
