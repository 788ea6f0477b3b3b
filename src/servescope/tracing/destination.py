"""Where spans go: in, the settings and the environment; out, a `Destination`, or None where tracing is off. Pure.

Called by `setup`. The setting turns tracing on; so do OpenTelemetry's own variables, which operators set for a whole fleet.
Those are often meant for other programs: what they say amiss is a `Refused`, which does not keep the server from starting.
"""

from collections.abc import Mapping

from msgspec import Struct

from servescope.config.settings import Settings
from servescope.config.values.collector_url import collector_url

TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"


class Destination(Struct, frozen=True):
    """`url`: of the collector, path and all. `origin`: the setting or variable that named it. `required`: it was the setting."""

    url: str
    origin: str
    required: bool


class Refused(Struct, frozen=True):
    """Tracing is off, though somebody asked for it. `why` names the variable and its value."""

    why: str


def find_destination(settings: Settings, environ: Mapping[str, str]) -> Destination | Refused | None:
    """The setting `tracing_endpoint`, else OpenTelemetry's variables for traces, else for everything.

    OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none turn all of it off, as everywhere.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return None
    if settings.tracing_endpoint:
        return Destination(settings.tracing_endpoint, "tracing_endpoint", required=True)
    for variable in (TRACES_ENDPOINT, ENDPOINT):
        if text := environ.get(variable, "").strip():
            return _from_variable(variable, text, environ)
    return None


def _from_variable(variable: str, text: str, environ: Mapping[str, str]) -> Destination | Refused:
    for name in PROTOCOLS:
        if protocol := environ.get(name, "").strip():
            if protocol != HTTP:
                return Refused(f"{name}={protocol!r}: spans are sent by {HTTP} only")
            break
    base = text if variable == TRACES_ENDPOINT else text.removesuffix("/") + "/v1/traces"
    try:
        return Destination(collector_url(base), variable, required=False)
    except ValueError as error:
        return Refused(f"{variable}={text!r} {error}")
