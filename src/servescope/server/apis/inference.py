"""The inference API, with OpenAI's and KServe's."""

from collections.abc import Sequence

from servescope.server.apis.api import Api
from servescope.server.beginning import Beginning
from servescope.server.http.tokens import Tokens
from servescope.server.models import Models
from servescope.server.traces import Traces
from servescope.server.workflows import Flows
from servescope.web.http.app import Handler
from servescope.web.inference.api import InferenceApi


class Inference(Api):
    """Predictions by the catalog's models."""

    name = "inference"

    def __init__(self, beginning: Beginning, models: Models, flows: Flows, tokens: Tokens, traces: Traces) -> None:
        self._settings = beginning.settings
        self._models = models
        self._flows = flows
        self._tokens = tokens
        self._traces = traces

    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:
        """See `Api`."""
        return InferenceApi(
            self._models.catalog,
            self._models.health,
            self._settings,
            self._tokens.authority,
            description,
            self._traces.tracer,
            workflows=self._flows.workflows,
            sharing=sharing,
        )
