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
from servescope.server.workflows import Flows
from servescope.web.http.app import Handler
from servescope.web.management.api import ManagementApi
from servescope.web.management.model_reports import ModelReports
from servescope.web.management.workflows import WorkflowCalls


class Management(Api):
    """Changes of models, and reports on them, which `reports` makes."""

    name = "management"

    def __init__(
        self,
        beginning: Beginning,
        measuring: Measuring,
        models: Models,
        flows: Flows,
        scaling: Scaling,
        tokens: Tokens,
    ) -> None:
        self._settings = beginning.settings
        self._models = models
        self._tokens = tokens
        changes = beginning.settings.enable_model_api
        self._workflows = WorkflowCalls(flows.workflows, flows.lifecycle, changes=changes)
        self.reports = ModelReports(
            models.catalog,
            ProcessMemory().resident_bytes,
            lambda gpu: gpu_usage(measuring.registry, beginning.hostname, gpu),
            models.health,
            scaling.loop.report,
        )

    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:  # noqa: ARG002
        """See `Api`."""
        authority, workflows = self._tokens.authority, self._workflows
        return ManagementApi(self._models.lifecycle, self.reports, self._settings, authority, description, workflows)
