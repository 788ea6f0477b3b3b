"""Whether there are traces, and where they go."""

import pytest

from servescope.config.settings import Settings
from servescope.tracing.destination import Destination, Refused, find_destination

ON = Settings(tracing_endpoint="http://c:4318/v1/traces")
OFF = Settings()


def test_off_unless_asked_for():
    """Neither a setting nor a variable."""
    assert find_destination(OFF, {"OTEL_SERVICE_NAME": "x"}) is None
    assert find_destination(OFF, {"OTEL_EXPORTER_OTLP_ENDPOINT": " "}) is None


def test_the_setting_is_above_the_variables():
    """As in OpenTelemetry, where code is above the environment."""
    found = find_destination(ON, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other:4318"})
    assert found == Destination("http://c:4318/v1/traces", "tracing_endpoint", required=True)


@pytest.mark.parametrize(
    ("environ", "url", "origin"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4318"}, "http://o:4318/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://o/in/"}, "https://o/in/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:1/x", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4318"},
            "http://t:1/x",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            "http://o:4318/v1/traces",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
    ],
)
def test_opentelemetrys_variables_turn_it_on(environ, url, origin):
    """The one for traces is the whole URL, the general one gets OTLP's path."""
    assert find_destination(OFF, environ) == Destination(url, origin, required=False)


@pytest.mark.parametrize("variable", [{"OTEL_SDK_DISABLED": "TRUE"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_opentelemetrys_switches_turn_it_off(variable):
    """Whoever asked for it."""
    assert find_destination(ON, variable) is None


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL='grpc'"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL='http/json'",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT='collector:4317'"),
    ],
)
def test_variables_for_others_are_refused_by_name(environ, named):
    """What gRPC exporters need does not keep the server from starting."""
    refused = find_destination(OFF, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4317", **environ})
    assert isinstance(refused, Refused)
    assert named in refused.why
