"""What is under way on all ports: who hears of each request and its answer, and when there is none left."""

import logging

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.web.http.cors import doubtful_origins, read_cors
from servescope.web.http.exchange import Observers

logger = logging.getLogger("servescope.runtime")


class Exchanges(Part):
    """Gives `observers`."""

    def __init__(self, beginning: Beginning, measuring: Measuring) -> None:
        settings = beginning.settings
        self.observers = Observers(
            measuring.recorder,
            beginning.logs.access,
            read_cors(settings),
            settings.trusted_proxies,
            settings.access_log_exclude,
        )
        for origin in doubtful_origins(settings):
            logger.warning(
                "cors_allowed_origin: %r lets nobody in: browsers say scheme://host:port, in small letters, without a path",
                origin,
            )
