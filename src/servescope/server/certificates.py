"""What https:// addresses are encrypted with."""

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.web.http.listener import tls_of


class Certificates(Part):
    """Gives `tls`, None where no address is https://. Raises ConfigurationError as `tls_of`."""

    def __init__(self, beginning: Beginning) -> None:
        self.tls = tls_of(beginning.settings)
