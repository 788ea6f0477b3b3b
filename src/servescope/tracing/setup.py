"""Opens the tracer: in, settings and environment; out, a `Tracer`, or None where tracing is off. Called by `server` at start.

OpenTelemetry is imported here and only once it is wanted.
"""

import logging
import shlex
import sys
from collections.abc import Mapping

from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.tracing.destination import Destination, Refused, find_destination
from servescope.tracing.tracer import Tracer

logger = logging.getLogger("servescope.tracing")

# By name: the extra `traces` can be asked for in the checkout only.
PACKAGES = "'opentelemetry-sdk>=1.34' 'opentelemetry-exporter-otlp-proto-http>=1.34'"


def open_tracer(settings: Settings, environ: Mapping[str, str]) -> Tracer | None:
    """The tracer, its thread started; None where neither the setting nor OpenTelemetry's variables ask for one.

    `environ` must be the process's own: OpenTelemetry reads the rest of its variables (sampler, resource, headers, batches,
    certificates) from there by itself.

    Raises:
        ConfigurationError: `tracing_endpoint` is set and OpenTelemetry is not installed, or refuses what its variables say.
    """
    destination = find_destination(settings, environ)
    if destination is None:
        return None
    if isinstance(destination, Refused):
        logger.warning("No traces: %s", destination.why)
        return None
    try:
        from servescope.tracing.otlp import open_otlp
    except ImportError as error:
        _refuse(destination, error)
        return None
    try:
        tracer = open_otlp(destination.url)
    except Exception as error:
        # The variables' own errors come in many types: a bad OTEL_BSP_… is a ValueError, a missing certificate an OSError.
        raise ConfigurationError(f"{destination.origin}={destination.url}: cannot send traces: {error}") from error
    logger.info("Traces go to the collector that %s names", destination.origin)
    return tracer


def _refuse(destination: Destination, error: ImportError) -> None:
    install = f"{shlex.quote(sys.executable)} -m pip install {PACKAGES}"
    text = f"{destination.origin}={destination.url}: traces need OpenTelemetry ({error}): {install}"
    if destination.required:
        raise ConfigurationError(text) from error
    logger.warning("No traces: %s", text)
