"""Opening the tracer."""

import re
import shlex
import subprocess
import sys

import pytest

from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.tracing.setup import open_tracer
from tracing.collector import collecting
from tracing.finished import finished

URL = "http://127.0.0.1:9/v1/traces"

OFF = """
import sys
from servescope.config.settings import Settings
from servescope.tracing.setup import open_tracer
assert open_tracer(Settings(), {}) is None
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


@pytest.fixture
def not_installed(monkeypatch):
    """As if the extra had not been installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    for name in ("otlp", "export", "parent"):
        monkeypatch.delitem(sys.modules, f"servescope.tracing.{name}", raising=False)


def test_off_imports_nothing():
    """Not a module of OpenTelemetry's."""
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_on_it_sends_to_the_settings_collector():
    """From the setting to the collector."""
    with collecting() as collector:
        tracer = open_tracer(Settings(tracing_endpoint=f"{collector.base}/v1/traces"), {})
        assert tracer is not None
        tracer.begin([]).finish(finished(request_id="opened"))
        tracer.close()
        assert collector.trace_of("opened")[0].name == "POST /predictions/{model_name}"


def test_without_the_extra_the_setting_is_an_error(not_installed):
    """It names the option, the value and what to install."""
    said = re.escape(f"{shlex.quote(sys.executable)} -m pip install 'opentelemetry-sdk>=")
    with pytest.raises(ConfigurationError, match=rf"tracing_endpoint={URL}: .*{said}"):
        open_tracer(Settings(tracing_endpoint=URL), {})


def test_without_the_extra_a_variable_is_a_warning(not_installed, caplog):
    """It may be meant for the handlers alone."""
    assert open_tracer(Settings(), {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": URL}) is None
    assert f"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={URL}" in caplog.text


def test_a_variable_for_grpc_is_a_warning(caplog):
    """And no traces."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert open_tracer(Settings(), environ) is None
    assert "OTEL_EXPORTER_OTLP_PROTOCOL='grpc'" in caplog.text


def test_what_opentelemetry_refuses_is_a_configuration_error(monkeypatch):
    """In its own words."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(ConfigurationError, match=r"tracing_endpoint=.*max_export_batch_size"):
        open_tracer(Settings(tracing_endpoint=URL), {})
