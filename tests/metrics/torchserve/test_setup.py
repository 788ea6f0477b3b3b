"""What the settings make of the definitions: shown families, logged ones, declarations for workers."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.metrics.definitions import DEFINITIONS, TORCHSERVE
from servescope.metrics.torchserve.mode import LEGACY
from servescope.metrics.torchserve.setup import read_definitions
from servescope.wire.messages import MetricDeclaration

YAML = """
ts_metrics: {counter: [{name: ts_inference_requests_total, unit: Count, dimensions: [model, version, hostname]}]}
model_metrics: {gauge: [{name: PredictionTime, unit: Milliseconds, dimensions: [ModelName, Level]}]}
"""
SETTINGS = Settings()


@pytest.fixture
def yaml(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.yaml"
    path.write_text(YAML)
    return path


def test_by_default() -> None:
    """All families, no lines; workers know the two of TorchServe's handlers."""
    setup = read_definitions(SETTINGS)
    assert tuple(setup.definitions) == DEFINITIONS
    assert tuple(setup.logged) == ()
    assert setup.declarations == [
        MetricDeclaration("gauge", name, "ms", ["ModelName", "Level"]) for name in ("HandlerTime", "PredictionTime")
    ]


def test_log_mode() -> None:
    """Nothing is shown; TorchServe's families are logged, this project's are not."""
    setup = read_definitions(replace(SETTINGS, metrics_mode="log"))
    assert tuple(setup.definitions) == ()
    assert tuple(setup.logged) == TORCHSERVE


def test_a_metrics_config_decides_what_is_logged(yaml: Path) -> None:
    """Only what it lists, under its dimensions and units."""
    setup = read_definitions(
        replace(SETTINGS, metrics_mode="log", metrics_config=yaml, model_metrics_auto_detect=False)
    )
    assert [(one.name, one.unit, one.labels) for one in setup.logged] == [
        ("ts_inference_requests_total", "Count", ("model", "version", "hostname")),
        ("PredictionTime", "Milliseconds", ("ModelName", "Level", "Hostname")),
    ]
    assert setup.declarations == (MetricDeclaration("gauge", "PredictionTime", "Milliseconds", ["ModelName", "Level"]),)


def test_legacy_with_a_metrics_config(yaml: Path) -> None:
    """Of the three, /metrics shows those that the file lists, under its labels."""
    setup = read_definitions(replace(SETTINGS, metrics_mode="legacy", metrics_config=yaml))
    (shown,) = setup.definitions
    assert (shown.name, shown.labels) == ("ts_inference_requests_total", ("model", "version", "hostname"))
    assert {one.name for one in setup.logged} == {"PredictionTime", "HandlerTime"}
    assert not {one.name for one in setup.logged} & set(LEGACY)


def test_buckets() -> None:
    """Bounds from the settings are the histogram's, and a name that can be no histogram's is refused in every mode."""
    own = {"servescope_batch_size": (1.0, 3.0)}
    setup = read_definitions(replace(SETTINGS, metrics_buckets=own))
    assert {one.buckets for one in setup.definitions if one.name == "servescope_batch_size"} == {(1.0, 3.0)}
    for mode in ("prometheus", "log"):
        with pytest.raises(ConfigurationError, match="metrics_buckets_queuetime"):
            read_definitions(replace(SETTINGS, metrics_mode=mode, metrics_buckets={"queuetime": (1.0,)}))


def test_buckets_of_what_a_handler_may_make(caplog: pytest.LogCaptureFixture) -> None:
    """Are kept, and said to be; where only declared metrics are let in, nobody can."""
    wanted = {"mysize": (1.0, 10.0)}
    with caplog.at_level(logging.INFO):
        assert read_definitions(replace(SETTINGS, metrics_buckets=wanted)).buckets == wanted
    assert "metrics_buckets_mysize is for a histogram of that name" in caplog.text
    with pytest.raises(ConfigurationError, match="metrics_buckets_mysize"):
        read_definitions(replace(SETTINGS, metrics_buckets=wanted, model_metrics_auto_detect=False))
