"""The configuration of a server, one field a key. Begin at `settings`; its parts are `ports`, `models` and `metrics`."""

from servescope.config.settings.settings import Settings

__all__ = ["Settings"]
