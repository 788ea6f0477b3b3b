"""What is counted of a port's connections, from the start."""

from metrics.series import series
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry


def test_a_port() -> None:
    """Has series of its own, all at zero, and those of another port stay as they are."""
    registry = Registry()
    recorder = Recorder(registry, "h")
    port, other = recorder.connections.port("inference"), recorder.connections.port("metrics")
    port.show(lambda: {"idle": 3})
    other.show(dict)
    port.closed("body_timeout")
    port.accept_failed("process_limit")
    for family, changed in (
        ("servescope_connections", {("inference", "idle"): 3}),
        ("servescope_connections_closed_total", {("inference", "body_timeout"): 1}),
        ("servescope_accept_failures_total", {("inference", "process_limit"): 1}),
    ):
        found = series(registry, family)
        assert {labels: value for labels, value in found.items() if value} == changed
        assert {labels[0] for labels in found} == {"inference", "metrics"}
