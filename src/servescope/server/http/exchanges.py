"""What is under way on all ports: who hears of each request and its answer, and when there is none left."""

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.web.http.cors import cors_headers
from servescope.web.http.exchange import Observers


class Exchanges(Part):
    """Gives `observers`."""

    def __init__(self, beginning: Beginning, measuring: Measuring) -> None:
        self.observers = Observers(measuring.recorder, beginning.logs.access, cors_headers(beginning.settings))
