"""What was asked of a model and is not in force is named, with what is, and why."""

import pytest

from servescope.config.model.autoscale import Mode
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.options import RegisterOptions, resolve_options
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel

TIMEOUT = Settings(default_response_timeout=30, properties={"default_response_timeout": "30"})


def warnings(request=None, yaml=None, startup=None, settings=None, *, at_startup=False, gpus=0):
    asked = RegisterOptions(**{"url": "m.mar", **(request or {})})
    settings = settings or Settings()
    return resolve_options(asked, yaml, startup, settings, at_startup=at_startup, cpus=2, gpus=gpus).warnings


@pytest.mark.parametrize(
    ("request_", "yaml", "startup", "settings", "expected"),
    [
        (
            {}, ModelConfig(), None, TIMEOUT,
            "default_response_timeout=30 is overruled: responseTimeout is 120 s, as its model-config.yaml does not say,"
            " which means 120",
        ),
        (
            {"response_timeout": 30}, ModelConfig(), None, None,
            "response_timeout=30 of the registration is overruled: responseTimeout is 120 s, as its model-config.yaml does not say,"
            " which means 120",
        ),
        (
            {"startup_timeout": 30}, ModelConfig(startup_timeout=9), None, None,
            "startup_timeout=30 of the registration is overruled: startupTimeout is 9 s, as its model-config.yaml says so",
        ),
        (
            {}, ModelConfig(), StartupModel(startup_timeout=7), None,
            "startupTimeout=7 of the key models is overruled: startupTimeout is 120 s, as its model-config.yaml does not say,"
            " which means 120",
        ),
        (
            {"response_timeout": 30}, None, StartupModel(response_timeout=7), None,
            "response_timeout=30 of the registration is overruled: responseTimeout is 7 s, as the key models says so",
        ),
        (
            {"initial_workers": 3}, ModelConfig(min_workers=1, max_workers=2), None, None,
            "initial_workers=3 is overruled: it has 1 to 2 workers, as its model-config.yaml says so",
        ),
        (
            {"initial_workers": 0}, None, StartupModel(min_workers=2), None,
            "minWorkers=2 of the key models is overruled: it has 0 to 0 workers, as the key models counts for workers at the start"
            " only",
        ),
        (
            {}, ModelConfig(batch_size=2), StartupModel(batch_size=4), None,
            "batchSize=4 of the key models is overruled: it is 2, as its model-config.yaml says so",
        ),
    ],
)  # fmt: skip
def test_what_is_overruled(request_, yaml, startup, settings, expected):
    """One warning: what was asked, by whom, what is in force, and why."""
    assert warnings(request_, yaml, startup, settings) == (expected,)


@pytest.mark.parametrize(
    ("request_", "yaml", "startup", "settings"),
    [
        ({}, ModelConfig(), None, Settings(default_response_timeout=30)),
        ({}, ModelConfig(response_timeout=9), None, TIMEOUT),
        ({}, None, None, TIMEOUT),
        ({"response_timeout": 120}, ModelConfig(), None, None),
        ({"initial_workers": 1}, ModelConfig(min_workers=1, max_workers=2), None, None),
        ({"batch_size": 8}, ModelConfig(batch_size=2), None, None),
        ({"batch_size": 8}, None, StartupModel(batch_size=4), None),
        ({"response_timeout": 30}, ModelConfig(), None, Settings(debug=True)),
    ],
)
def test_what_is_in_force_or_nobodys_wish(request_, yaml, startup, settings):
    """What was asked and is so; a default that the yaml has its own word on; what a caller overrules on purpose."""
    assert warnings(request_, yaml, startup, settings) == ()


def test_workers_of_the_key_models_at_the_start():
    """They count then, unless the yaml has its own."""
    entry = StartupModel(min_workers=2, max_workers=3)
    assert warnings(startup=entry, at_startup=True) == ()
    told = warnings(None, ModelConfig(min_workers=1, max_workers=1), entry, at_startup=True)
    assert [text.partition(" is overruled")[0] for text in told] == [
        "minWorkers=2 of the key models",
        "maxWorkers=3 of the key models",
    ]


def test_a_key_that_is_nearly_the_servers():
    """What is in force stands beside it."""
    config, _ = parse_model_config("batchsize: 4\nmaxbatchdelay: 5\nbatchSize: 2\nsloo: {}\nSLO: {}\n", "m.yaml")
    assert warnings(yaml=config) == (
        "batchsize in model-config.yaml is not the server's batchSize, and is left to the handler: batchSize is 2",
        "maxbatchdelay in model-config.yaml is not the server's maxBatchDelay, and is left to the handler: maxBatchDelay is 100",
        "SLO in model-config.yaml is not the server's slo, and is left to the handler: there is no slo",
    )


def test_a_misspelt_key_of_torchrun():
    """The section is the server's own."""
    _, told = parse_model_config("torchrun: {nproc_per_node: 2}\n", "m.yaml")
    assert told == ["m.yaml: torchrun: nproc_per_node is ignored; did you mean nproc-per-node?"]


@pytest.mark.parametrize(
    ("yaml", "gpus", "expected"),
    [
        (ModelConfig(device_type="gpu"), 0, "deviceType gpu in model-config.yaml has no effect: there is no GPU to use: it is cpu"),
        (ModelConfig(device_type="gpu"), 1, None),
        (ModelConfig(parallel_level=2), 4, "parallelLevel 2 in model-config.yaml has no effect: there is no parallelType"),
        (ModelConfig(use_venv=True), 0, "useVenv in model-config.yaml has no effect: install_py_dep_per_model is false"),
        (
            ModelConfig(min_workers=3, max_workers=8, parallel_type="custom", parallel_level=2), 4,
            "minWorkers 3 with maxWorkers 8 is more than the GPUs carry at parallelLevel 2: 2 at most",
        ),
    ],
)  # fmt: skip
def test_what_lacks_something_to_work_with(yaml, gpus, expected):
    """A key that has no effect without another, or without a GPU."""
    told = warnings(yaml=yaml, gpus=gpus)
    assert len(told) == (expected is not None)
    assert all(text.startswith(expected) for text in told)


@pytest.mark.parametrize("batching", [None, False, True])
def test_what_is_said_of_sequences_that_are_not_kept(batching):
    """Each key of them is told, with what is missing; where they are kept none is."""
    said = {"sequence_timeout_ms": 9, "max_num_sequence": 9, "max_sequence_job_queue_size": 9}
    missing = "sequenceMaxIdleMSec above 0" if batching else "sequenceBatching: true"
    told = warnings(yaml=ModelConfig(sequence_batching=batching, sequence_max_idle_ms=0 if batching else 9, **said))
    assert len(told) == len(said) + 1
    assert all(text.endswith(f"has no effect: there is no {missing}") for text in told)
    assert warnings(yaml=ModelConfig(**said | {"sequence_batching": True, "sequence_max_idle_ms": 9})) == ()


def test_the_bounds_of_an_autoscaled_model_overrule_as_well():
    """They count with maxWorkers alone."""
    yaml = ModelConfig(max_workers=3, autoscale={"mode": Mode.ACT})
    told = warnings({"initial_workers": 2}, yaml)
    assert "initial_workers=2 is overruled: it has 1 to 3 workers, as its model-config.yaml says so" in told
