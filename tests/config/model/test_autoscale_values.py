"""The autoscale section of model-config.yaml, and the server's keys of the same names."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.choice import StartOptions
from servescope.config.load import load_settings
from servescope.config.model.autoscale import AUTOSCALE_KEYS, Autoscale, Mode
from servescope.config.model.autoscale_values import given_by_settings, parse_autoscale, resolve_autoscale
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.options import RegisterOptions, resolve_options
from servescope.config.settings import Settings
from servescope.errors import BadRequest, ConfigurationError, InvalidModel

WHERE = "digits.mar: model-config.yaml"
FULL = {
    "mode": "act",
    "target_per_worker": 2,
    "window_s": 30,
    "panic_s": 3,
    "longest_hold_s": 20,
    "lookback_s": 10,
    "tolerance": 0.2,
    "kv_high": 0.9,
    "kv_low": 0.5,
    "gpu_target": 0.7,
    "stale_after_s": 100,
    "scaleToZeroAfterSec": 600,
}


def refused(section):
    with pytest.raises(BadRequest) as caught:
        parse_autoscale(section, WHERE)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: autoscale: ")
    return message.removeprefix(f"{WHERE}: autoscale: ")


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config.properties").write_text(text)
    return load_settings(StartOptions(), {}, tmp_path)


def resolve(settings=None, **yaml):
    return resolve_options(
        RegisterOptions(url="m.mar"),
        ModelConfig(**yaml),
        None,
        settings or Settings(),
        at_startup=True,
        cpus=2,
        gpus=0,
    )


def test_reads_every_key():
    """Under its own name, but for scaleToZeroAfterSec."""
    assert list(FULL) == list(AUTOSCALE_KEYS)
    read = resolve_autoscale({}, parse_autoscale(FULL, WHERE), WHERE)
    expected = {**FULL, "mode": Mode.ACT, "to_zero_after_s": 600.0}
    del expected["scaleToZeroAfterSec"]
    assert read == Autoscale(**expected)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("autoscale: act", Mode.ACT),
        ("autoscale: off", Mode.OFF),
        ("autoscale: {mode: off}", Mode.OFF),
        ("autoscale: {mode: 'off'}", Mode.OFF),
        ("autoscale: {mode: Advise}", Mode.ADVISE),
    ],
)
def test_modes_in_yaml(text, mode):
    """A word alone is the mode; `off` without quotes is false to YAML, and is meant."""
    config, warnings = parse_model_config(text, "model-config.yaml")
    assert (config.autoscale, warnings) == ({"mode": mode}, [])


@pytest.mark.parametrize("text", ["", "autoscale:", "autoscale: {}"])
def test_nothing_asks_for_nothing(text):
    """Off."""
    config, _ = parse_model_config(text, "model-config.yaml")
    assert resolve_autoscale({}, config.autoscale, WHERE) == Autoscale(mode=Mode.OFF)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"mode": True}, "mode=True is none of off, advise, act"),
        ({"mode": "on"}, "mode='on' is none of off, advise, act"),
        ({"mode": 1}, "mode=1 is none of off, advise, act"),
        ([], "mode=[] is none of off, advise, act"),
        ({"windows": 5}, "windows=5 is no known key; did you mean window_s?"),
        ({"Mode": "act"}, "Mode='act' is no known key; did you mean mode?"),
        ({5: 5}, "5=5 is no known key; its keys are mode, target_per_worker, "),
        ({"tolerance": -0.1}, "tolerance=-0.1 is below 0"),
        ({"tolerance": 2}, "tolerance=2 is above 1"),
        ({"kv_high": 0}, "kv_high=0 is below 0.01"),
        ({"target_per_worker": 0}, "target_per_worker=0 is below 0.01"),
        ({"target_per_worker": 1e-300}, "target_per_worker=1e-300 is below 0.01"),
        ({"gpu_target": 5e-324}, "gpu_target=5e-324 is below 0.01"),
        ({"window_s": "60"}, "window_s='60' is no number"),
        ({"window_s": None}, "window_s=None is no number"),
        ({"window_s": True}, "window_s=True is no number"),
        ({"window_s": math.nan}, "window_s=nan is no finite number"),
        ({"window_s": 10**400}, "window_s="),
        ({"window_s": 0}, "window_s=0 is below 1"),
        ({"longest_hold_s": 1e9}, "longest_hold_s=1000000000.0 is above 86400"),
        ({"scaleToZeroAfterSec": -5}, "scaleToZeroAfterSec=-5 is below 1"),
        ({"scaleToZeroAfterSec": 1e12}, "scaleToZeroAfterSec=1000000000000.0 is above "),
    ],
)
def test_what_cannot_be(section, message):
    """Each refusal names key and value, and an unknown key what may have been meant."""
    assert refused(section).startswith(message)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"panic_s": 90}, "panic_s=90 is above window_s=60"),
        ({"window_s": 5}, "panic_s=6 is above window_s=5"),
        ({"kv_low": 0.85}, "kv_low=0.85 is above kv_high=0.8"),
        ({"kv_high": 0.5}, "kv_low=0.6 is above kv_high=0.5"),
    ],
)
def test_keys_that_contradict_each_other(section, message):
    """Also where one of the two is a default."""
    with pytest.raises(BadRequest, match=message.replace("=", ".")):
        resolve_autoscale({}, parse_autoscale(section, WHERE), WHERE)


def test_the_servers_keys(tmp_path):
    """In any letter case; the model's own win, a key at a time."""
    settings = loaded(
        tmp_path,
        "autoscale_mode=advise\nautoscale_window_s=20\nautoscale_scaleToZeroAfterSec=90\nautoscale_PANIC_S=2\n",
    )
    server = given_by_settings(settings.autoscale)
    assert server == {"mode": Mode.ADVISE, "window_s": 20.0, "to_zero_after_s": 90.0, "panic_s": 2.0}
    model = parse_autoscale({"mode": "act", "window_s": 30}, WHERE)
    assert resolve_autoscale(server, model, WHERE) == Autoscale(
        mode=Mode.ACT, window_s=30.0, to_zero_after_s=90.0, panic_s=2.0
    )


def test_the_servers_keys_in_the_environment(tmp_path):
    """As all others, where the environment may say something."""
    (tmp_path / "config.properties").write_text("enable_envvars_config=true\nautoscale_mode=act\n")
    environ = {"TS_AUTOSCALE_MODE": "advise", "TS_AUTOSCALE_SCALETOZEROAFTERSEC": "5"}
    settings = load_settings(StartOptions(), environ, tmp_path)
    assert given_by_settings(settings.autoscale) == {"mode": Mode.ADVISE, "to_zero_after_s": 5.0}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("autoscale_mode=on", "autoscale_mode='on' is none of off, advise, act"),
        ("autoscale_windows=5", "autoscale_windows='5' is no known key; did you mean autoscale_window_s?"),
        ("autoscale_tolerance=abc", "autoscale_tolerance='abc' is no number"),
        ("autoscale_tolerance=nan", "autoscale_tolerance='nan' is no finite number"),
        ("autoscale_lookback_s=-1", "autoscale_lookback_s='-1' is below 0"),
        ("autoscale_panic_s=90", "autoscale_panic_s='90' is above window_s=60"),
    ],
)
def test_the_servers_keys_are_refused_as_well(tmp_path, line, message):
    """With key, value and file, at the start."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, line)
    assert message in str(caught.value)
    assert "config.properties" in str(caught.value)


def test_off_unless_asked_for():
    """A yaml of TorchServe's keeps its worker; one with keys and no mode is told that they do nothing."""
    options = resolve(min_workers=1, max_workers=4)
    assert (options.autoscale.mode, options.min_workers, options.max_workers) == (Mode.OFF, 1, 4)
    options = resolve(min_workers=1, max_workers=4, autoscale={"window_s": 30.0})
    assert options.autoscale.mode is Mode.OFF
    assert "autoscale has no mode" in options.warnings[0]
    assert resolve(Settings(autoscale={"mode": Mode.ADVISE})).autoscale.mode is Mode.ADVISE


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ({"min_workers": 1, "max_workers": 4}, (1, 4)),
        ({"max_workers": 4}, (1, 4)),
        ({"min_workers": 0, "max_workers": 4}, (1, 4)),
        ({"min_workers": 2}, (2, 2)),
        ({}, (2, 2)),
    ],
)
def test_bounds_of_an_autoscaled_model(yaml, expected):
    """MaxWorkers alone is enough; without it, as TorchServe, nothing of the yaml counts (here: one worker a CPU)."""
    options = resolve(**yaml, autoscale={"mode": Mode.ACT})
    assert (options.min_workers, options.max_workers) == expected
    assert any("nothing to decide" in warning for warning in options.warnings) == (expected == (2, 2))


def test_a_floor_of_zero():
    """Only where the model may go to zero."""
    asleep = {"mode": Mode.ACT, "to_zero_after_s": 60.0}
    options = resolve(min_workers=0, max_workers=4, autoscale=asleep)
    assert (options.min_workers, options.max_workers, options.warnings) == (0, 4, ())


def test_limits_that_contradict_each_other():
    """Ignored with a warning as in TorchServe, unless the model is autoscaled."""
    with pytest.raises(InvalidModel, match="minWorkers=4 is above maxWorkers=2"):
        resolve(min_workers=4, max_workers=2, autoscale={"mode": Mode.ADVISE})


def test_nothing_is_decided_without_numbers():
    """With metrics_mode=off it is off, and says so."""
    options = resolve(Settings(metrics_mode="off"), max_workers=4, autoscale={"mode": Mode.ACT})
    assert options.autoscale.mode is Mode.OFF
    assert any("metrics_mode is off" in warning for warning in options.warnings)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
keys = st.sampled_from(list(AUTOSCALE_KEYS)) | st.text() | st.integers()


@given(st.dictionaries(keys, values) | values)
def test_any_section_is_read_or_refused(section):
    """Nothing but BadRequest is raised, and what is read keeps to the bounds."""
    try:
        read = resolve_autoscale({}, parse_autoscale(section, WHERE), WHERE)
    except BadRequest:
        return
    assert read.panic_s <= read.window_s
    assert read.kv_low <= read.kv_high
