"""The configuration that pods are started with, read as the server reads it."""

import pytest

from operate.kubernetes.planned import HOSTILE, MEASURED, planned
from servescope.config.choice import StartOptions
from servescope.config.load import load_settings
from servescope.operate.kubernetes.measured import MeasuredServer, Ports
from servescope.operate.kubernetes.objects.config import config_map
from servescope.operate.kubernetes.objects.deployment import arguments
from servescope.operate.kubernetes.options import Options


def settings_of(deployed, tmp_path, environ=None):
    """What the server makes of it."""
    file = tmp_path / "config.properties"
    text = config_map(deployed)["data"]["config.properties"]
    file.write_text(text.replace("model_store=/models", f"model_store={tmp_path}"), "utf-8")
    return load_settings(StartOptions(ts_config=file, no_config_snapshots=True), environ or {}, tmp_path)


def test_only_the_two_ports_for_others_are_open(tmp_path):
    """Management is the pod's own; nothing of it deserves a warning."""
    (one,) = planned()
    settings = settings_of(one, tmp_path)
    assert settings.warnings == ()
    assert str(settings.inference_address) == "http://0.0.0.0:8080"
    assert str(settings.management_address) == "http://127.0.0.1:8081"
    assert str(settings.metrics_address) == "http://0.0.0.0:8082"
    assert settings.disable_token_authorization
    assert settings.shutdown_timeout == one.drain_s
    assert settings.default_workers_per_model == 1


def test_what_was_measured_is_set(tmp_path):
    """Ports, tokens, and as many workers of each model, whatever it is called; no name is taken for a variable."""
    server = MeasuredServer(ports=Ports(9080, 9081, 9082), tokens=True, models=MEASURED.models)
    (one,) = planned("digits", *HOSTILE, measured=server)
    settings = settings_of(one, tmp_path, {"HOME": "/elsewhere"})
    assert settings.warnings == ()
    assert settings.metrics_address.port == 9082
    assert not settings.disable_token_authorization
    for name in ("digits", *HOSTILE):
        found = settings.startup_model(name, "1.0")
        assert found is not None, name
        assert (found.min_workers, found.max_workers) == (2, 2)


def test_given_workers_are_everybodys(tmp_path):
    """And what was measured is none then."""
    (one,) = planned(options=Options(workers=3), measured=MEASURED)
    settings = settings_of(one, tmp_path)
    assert settings.default_workers_per_model == 3
    assert settings.models == {}


@pytest.mark.parametrize("name", HOSTILE)
def test_arguments_survive_kubernetes(name):
    """Which takes `$(NAME)` for a variable, and `$$` for a `$`."""
    (one,) = planned(name)
    *_, word = arguments(one)
    assert word.replace("$$", "$") == one.models[0].model.option(on_claim=False)
    assert "$" not in word.replace("$$", "")
