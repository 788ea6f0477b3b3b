"""What a snapshot says of models."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.bounds import MAX_MODELS, MAX_WORKERS
from servescope.config.model.autoscale import Mode
from servescope.config.snapshots.saved import SavedModels, SavedVersion, parse_saved_models, written
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError

# As TorchServe 0.12.0 writes it.
TORCHSERVES = """{
  "name": "20261124151151150-snapshot.cfg",
  "modelCount": 1,
  "created": 1795533111150,
  "models": {
    "noop": {
      "1.0": {
        "defaultVersion": true,
        "marName": "noop.mar",
        "minWorkers": 2,
        "maxWorkers": 4,
        "batchSize": 3,
        "maxBatchDelay": 50,
        "responseTimeout": 60,
        "startupTimeout": 30,
        "runtimeType": "python"
      }
    }
  }
}"""


def parse(text):
    """From a file."""
    return parse_saved_models(GivenValue("model_snapshot", text, "s.cfg", Path("/")))


def test_torchserves_are_read():
    """All that they say."""
    ((name, version, saved),) = parse(TORCHSERVES).versions()
    assert (name, version, saved.mar_name, saved.default_version) == ("noop", "1.0", "noop.mar", True)
    assert (saved.min_workers, saved.max_workers, saved.batch_size, saved.max_batch_delay) == (2, 4, 3, 50)
    assert (saved.response_timeout, saved.startup_timeout, saved.runtime_type) == (60, 30, "python")


def test_what_torchserve_knows_is_there_under_its_names():
    """So that it can go on from ours; of our own only what says something."""
    saved = SavedModels(models={"m": {"1": SavedVersion(mar_name="m.mar", autoscale=Mode.ACT)}})
    one = json.loads(written(saved))["models"]["m"]["1"]
    theirs = set(json.loads(TORCHSERVES)["models"]["noop"]["1.0"]) | {"parallelLevel"}
    assert set(one) == theirs | {"autoscale"}


NAMES = st.text(min_size=1, max_size=5)
VERSIONS = st.builds(
    SavedVersion,
    mar_name=NAMES,
    default_version=st.booleans(),
    min_workers=st.integers(0, MAX_WORKERS),
    url=NAMES,
    autoscale=st.sampled_from(Mode),
)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VERSIONS, max_size=3), max_size=3))
def test_what_is_written_is_read_again(models):
    """Whatever models are called."""
    saved = SavedModels(name="n", model_count=1, created=5, models=models)
    assert parse(written(saved)) == saved


def test_the_default_version_comes_first():
    """As the first that is registered becomes the default; the others stay in their order."""
    versions = {number: SavedVersion(mar_name="m", default_version=number == "2") for number in ("3", "2", "1")}
    assert [version for _, version, _ in SavedModels(models={"m": versions}).versions()] == ["2", "3", "1"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "model_snapshot='{'"),
        ("[]", "object"),
        ('{"models": {"m": {"1": {"marName": 5}}}}', "marName"),
        ('{"models": {"m": {"1": {}}}}', "marName"),
        ('{"models": {"m": {"1": {"marName": "m", "minWorkers": -1}}}}', "minWorkers"),
        ('{"models": {"m": {"1": {"marName": "m", "minWorkers": 99999999}}}}', "minWorkers"),
        ('{"models": {"m": {"1": {"marName": "m", "autoscale": "soon"}}}}', "soon"),
        (json.dumps({"models": {str(number): {} for number in range(MAX_MODELS + 1)}}), str(MAX_MODELS)),
    ],
)
def test_what_is_wrong_is_named(text, named):
    """With the file."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert named in str(caught.value)
    assert "s.cfg" in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    """Nothing else is raised."""
    try:
        parse(text)
    except ConfigurationError:
        pass
