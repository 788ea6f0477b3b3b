"""The metrics API, unless `enable_metrics_api=false`."""

from collections.abc import Sequence

from servescope.server.apis.api import Api
from servescope.server.beginning import Beginning
from servescope.server.measuring import Measuring
from servescope.web.http.app import Handler
from servescope.web.metrics.api import MetricsApi


class Scrapes(Api):
    """What is measured, for whoever asks."""

    name = "metrics"

    def __init__(self, beginning: Beginning, measuring: Measuring) -> None:
        self._settings = beginning.settings
        self._measuring = measuring
        self.enabled = beginning.settings.enable_metrics_api

    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:  # noqa: ARG002
        """See `Api`."""
        measuring = self._measuring
        return MetricsApi(
            measuring.registry,
            measuring.recorder,
            description,
            shown=measuring.mode.exposes,
            address=self._settings.metrics_address,
            peers=self._settings.metrics_peers,
            before_scrape=measuring.before_scrape,
        )
