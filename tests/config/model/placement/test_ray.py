"""The `ray` section of model-config.yaml: what it may say, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.config import parse_model_config
from servescope.config.model.options import RegisterOptions, resolve_options
from servescope.config.model.placement.ray import RayOptions, parse_ray
from servescope.config.settings import Settings
from servescope.errors import BadRequest, InvalidModel, ServescopeError


def test_empty():
    """It may say nothing."""
    assert parse_ray(None, "f") == parse_ray({}, "f") == RayOptions()


def test_all():
    """Or all that there is."""
    section = {
        "num_cpus": 0.5,
        "num_gpus": 2,
        "resources": {"tpu": 1},
        "memory_mb": 512,
        "placement": "node:10.0.0.1",
        "runtime_env": {"pip": ["a==1"], "env_vars": {"A": "1"}},
    }
    assert parse_ray(section, "f") == RayOptions(
        num_cpus=0.5,
        num_gpus=2.0,
        resources={"tpu": 1.0},
        memory_mb=512,
        placement="node:10.0.0.1",
        runtime_env={"pip": ["a==1"], "env_vars": {"A": "1"}},
    )


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("x", "f: ray='x' is no mapping"),
        ({"num_cpu": 1}, "f: ray: 'num_cpu' is no known key; did you mean num_cpus?"),
        ({"num_cpus": -1}, "f: ray: num_cpus=-1 is no number from 0 to"),
        ({"num_cpus": True}, "num_cpus=True is no number"),
        ({"num_cpus": "1"}, "num_cpus='1' is no number"),
        ({"num_cpus": float("nan")}, "num_cpus=nan is no number"),
        ({"num_cpus": 1e9}, "is no number from 0 to"),
        ({"num_gpus": 0.00001}, "num_gpus=1e-05 is less than the 0.0001 that Ray counts by"),
        ({"resources": {"a": 0.00002}}, "resources: a=2e-05 is less than the 0.0001"),
        ({"num_gpus": 1.5}, "num_gpus=1.5 is neither a whole number nor a fraction of one GPU"),
        ({"resources": [1]}, "resources=[1] is no mapping"),
        ({"resources": {"GPU": 1}}, "resources: GPU is no resource of your own"),
        ({"resources": {"a": -1}}, "resources: a=-1 is no number"),
        ({"memory_mb": 0}, "memory_mb=0 is no whole number"),
        ({"memory_mb": 1.5}, "memory_mb=1.5 is no whole number"),
        ({"placement": "node:"}, "placement='node:' is none of spread, pack, node:NAME"),
        ({"placement": 3}, "placement=3 is none of"),
        ({"runtime_env": {"conda": "x"}}, "runtime_env: 'conda' is no known key"),
        ({"runtime_env": {"pip": 1}}, "pip=1 is neither a list"),
        ({"runtime_env": {"env_vars": {"A": 1}}}, "is no mapping of texts to texts (quote numbers)"),
    ],
)
def test_refused(section, text):
    """Whatever makes no sense, with the key and the value."""
    with pytest.raises(BadRequest) as refused:
        parse_ray(section, "f")
    assert text in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["num_cpus", "num_gpus", "resources", "memory_mb", "placement", "runtime_env"])


@given(st.dictionaries(KEYS, JSON, max_size=3))
def test_anything(section):
    """Is read, or refused with BadRequest."""
    try:
        assert isinstance(parse_ray(section, "f"), RayOptions)
    except BadRequest:
        pass


def resolved(text, settings=None, gpus=0):
    config, _ = parse_model_config(text, "f")
    options = RegisterOptions(url="u")
    return resolve_options(options, config, None, settings or Settings(), at_startup=False, cpus=2, gpus=gpus)


def test_who_runs_there():
    """A model whose `backend` says so, or whose server does; a section alone does not, and is warned of."""
    ray = Settings(worker_backend="ray")
    assert resolved("", ray).ray == RayOptions(num_gpus=0.0)
    assert resolved("backend: process", ray).ray is None
    assert resolved("backend: ray").ray == RayOptions(num_gpus=0.0)
    alone = resolved("ray: {num_cpus: 2}")
    assert alone.ray is None
    assert alone.warnings == (
        "its section ray has no effect: its workers run in a process, by backend or worker_backend",
    )


def test_gpus():
    """Ray assigns them: as many as are asked for, or as parallelLevel says, whatever this machine has."""
    there = resolved("backend: ray\nray: {num_gpus: 0.5}")
    assert (there.ray.num_gpus, there.device_type) == (0.5, "gpu")
    on_cpus = resolved("backend: ray\ndeviceType: cpu\nparallelType: tp\nparallelLevel: 4")
    assert (on_cpus.ray.num_gpus, on_cpus.device_type) == (0.0, "cpu")
    parallel = resolved("backend: ray\nparallelType: tp\nparallelLevel: 4\nminWorkers: 3\nmaxWorkers: 3")
    assert (parallel.ray.num_gpus, parallel.device_type, parallel.min_workers) == (4.0, "gpu", 3)
    assert resolved("backend: ray", gpus=2).device_type == "cpu"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("backend: cloud", "backend='cloud' is neither process nor ray"),
        ("backend: ray\ndeviceIds: [0]", "deviceIds [0] has no meaning on Ray"),
        ("backend: ray\nuseVenv: true", "useVenv has no meaning on Ray"),
        (
            "backend: ray\nparallelType: tp\nparallelLevel: 2\nray: {num_gpus: 1}",
            "parallelLevel 2 and ray: num_gpus 1 differ",
        ),
    ],
)
def test_what_does_not_go_together(text, why):
    """Is refused."""
    with pytest.raises(InvalidModel) as refused:
        resolved(text)
    assert why in str(refused.value)
    assert isinstance(refused.value, ServescopeError)
