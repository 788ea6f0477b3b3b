"""The precedence of a model's options."""

import pytest

from servescope.config.model.config import ModelConfig
from servescope.config.model.objectives import Objectives
from servescope.config.model.options import ModelOptions, RegisterOptions, resolve_options
from servescope.config.model.placement.devices import worker_capacity
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel
from servescope.errors import InvalidModel, WorkerInitialization


def resolve(request=None, yaml=None, startup=None, settings=None, *, at_startup=True, cpus=2, gpus=0):
    request = {"url": "m.mar"} | (request or {})
    return resolve_options(
        RegisterOptions(**request),
        yaml,
        startup,
        settings or Settings(),
        at_startup=at_startup,
        cpus=cpus,
        gpus=gpus,
    )


def test_a_model_without_yaml_is_described_as_recorded():
    """The values that TorchServe 0.12.0 describes for the golden noop model."""
    assert resolve(settings=Settings(default_workers_per_model=1)) == ModelOptions(
        min_workers=1,
        max_workers=1,
        batch_size=1,
        max_batch_delay_ms=100,
        response_timeout_s=120,
        startup_timeout_s=120,
        job_queue_size=100,
        max_retry_timeout_s=300,
        client_timeout_ms=0,
        device_type="cpu",
        device_ids=None,
        parallel_type="",
        parallel_level=0,
    )


def test_the_golden_slow_model():
    """Its yaml decides workers, batching and response timeout; the startup timeout is the implicit 120."""
    yaml = ModelConfig(min_workers=1, max_workers=1, batch_size=4, max_batch_delay=50, response_timeout=2)
    options = resolve(yaml=yaml, settings=Settings(default_workers_per_model=3, default_startup_timeout=9))
    assert (options.min_workers, options.max_workers) == (1, 1)
    assert (options.batch_size, options.max_batch_delay_ms) == (4, 50)
    assert (options.response_timeout_s, options.startup_timeout_s) == (2, 120)


@pytest.mark.parametrize(
    ("request_", "yaml", "startup", "expected"),
    [
        ({"batch_size": 2, "max_batch_delay": 0}, (4, 50), (8, 80), (2, 0)),
        ({}, (4, 50), (8, 80), (4, 50)),
        ({}, (4, 0), (8, 80), (4, 0)),
        ({}, (None, None), (8, 80), (8, 80)),
        ({}, None, (8, 80), (8, 80)),
        ({}, None, None, (1, 100)),
    ],
)
def test_batching(request_, yaml, startup, expected):
    """API, then yaml, then `models`, then the defaults; 0 ms is a delay."""
    options = resolve(
        request_,
        yaml and ModelConfig(batch_size=yaml[0], max_batch_delay=yaml[1]),
        startup and StartupModel(batch_size=startup[0], max_batch_delay=startup[1]),
    )
    assert (options.batch_size, options.max_batch_delay_ms) == expected


@pytest.mark.parametrize(
    ("request_", "yaml", "startup", "expected"),
    [
        (5, ModelConfig(response_timeout=2, startup_timeout=3), 7, (2, 3)),
        (5, ModelConfig(), 7, (120, 120)),
        (5, None, 7, (7, 7)),
        (5, None, None, (5, 5)),
        (None, None, None, (11, 12)),
    ],
)
def test_timeouts(request_, yaml, startup, expected):
    """The yaml (which counts as 120 where silent), then `models`, then API, then the settings."""
    options = resolve(
        {"response_timeout": request_, "startup_timeout": request_},
        yaml,
        startup and StartupModel(response_timeout=startup, startup_timeout=startup),
        Settings(default_response_timeout=11, default_startup_timeout=12),
    )
    assert (options.response_timeout_s, options.startup_timeout_s) == expected


@pytest.mark.parametrize(
    ("default", "gpus", "startup", "yaml", "expected"),
    [
        (0, 0, None, None, (2, 2)),
        (0, 3, None, None, (3, 3)),
        (5, 3, None, None, (5, 5)),
        (5, 0, StartupModel(min_workers=1, max_workers=4), None, (1, 4)),
        (1, 0, StartupModel(min_workers=3), None, (3, 3)),
        (1, 0, StartupModel(min_workers=3, max_workers=3), ModelConfig(min_workers=2, max_workers=6), (2, 6)),
        (1, 0, None, ModelConfig(min_workers=2, max_workers=1), (1, 1)),
        (1, 0, None, ModelConfig(min_workers=0, max_workers=4), (1, 1)),
    ],
)
def test_workers_at_startup(default, gpus, startup, yaml, expected):
    """The yaml if 0 < min <= max, then `models`, then the settings, then one a GPU, then one a CPU."""
    options = resolve(None, yaml, startup, Settings(default_workers_per_model=default), gpus=gpus)
    assert (options.min_workers, options.max_workers) == expected


@pytest.mark.parametrize(
    ("initial", "default", "yaml", "expected"),
    [
        (None, 0, None, (0, 0)),
        (None, 2, None, (2, 2)),
        (0, 2, None, (0, 0)),
        (4, 2, None, (4, 4)),
        (0, 2, ModelConfig(min_workers=1, max_workers=3), (1, 3)),
    ],
)
def test_workers_by_api(initial, default, yaml, expected):
    """yaml, then initial_workers, then default_workers_per_model, then none; `models` has no say."""
    options = resolve(
        {"initial_workers": initial},
        yaml,
        StartupModel(min_workers=9, max_workers=9),
        Settings(default_workers_per_model=default),
        at_startup=False,
    )
    assert (options.min_workers, options.max_workers) == expected


def test_workers_over_the_bound():
    """What asks for them is refused; what nobody asked for is cut to it."""
    settings = Settings(max_workers_per_model=3)
    assert resolve(settings=settings, cpus=8).min_workers == 3
    with pytest.raises(InvalidModel, match=r"minWorkers=4 is above 3 \(max_workers_per_model\)"):
        resolve(settings=settings, yaml=ModelConfig(min_workers=4, max_workers=4))
    with pytest.raises(InvalidModel, match="models: minWorkers=4 is above 3"):
        resolve(settings=settings, startup=StartupModel(min_workers=4), at_startup=False)


def test_half_a_worker_range_warns():
    """A yaml with minWorkers alone is not obeyed, so it is not passed over in silence."""
    (warning,) = resolve(yaml=ModelConfig(min_workers=2)).warnings
    assert "minWorkers 2" in warning


@pytest.mark.parametrize(
    ("asked", "gpus", "expected"),
    [(None, 0, "cpu"), (None, 1, "gpu"), ("gpu", 0, "cpu"), ("gpu", 1, "gpu"), ("cpu", 1, "cpu")],
)
def test_device_type(asked, gpus, expected):
    """A GPU is used where there is one, unless the yaml says cpu."""
    assert resolve(yaml=ModelConfig(device_type=asked), gpus=gpus).device_type == expected


def test_device_ids_beyond_the_gpus_are_ignored_with_a_warning():
    """One absent GPU spoils the list, as in TorchServe."""
    assert resolve(yaml=ModelConfig(device_ids=(1, 0)), gpus=2).device_ids == (1, 0)
    options = resolve(yaml=ModelConfig(device_ids=(1, 2)), gpus=2)
    assert options.device_ids is None
    assert "deviceIds [1, 2]" in options.warnings[0]


@pytest.mark.parametrize(
    ("yaml", "gpus", "expected"),
    [
        (ModelConfig(min_workers=3, max_workers=8, parallel_type="tp", parallel_level=2), 4, (2, 2)),
        (ModelConfig(min_workers=1, max_workers=8, parallel_type="tp", parallel_level=2), 4, (1, 2)),
        (ModelConfig(min_workers=3, max_workers=8, parallel_type="pp", parallel_level=2, device_ids=(0, 1)), 4, (1, 1)),
        (ModelConfig(min_workers=3, max_workers=8, parallel_level=2), 4, (3, 8)),
        (ModelConfig(min_workers=3, max_workers=8, parallel_type="tp", parallel_level=2), 0, (3, 8)),
    ],
)
def test_parallel_models_are_clipped_to_the_gpus(yaml, gpus, expected):
    """GPUs (or deviceIds) by parallelLevel; only for a parallelType, and only on GPUs."""
    options = resolve(yaml=yaml, gpus=gpus)
    assert (options.min_workers, options.max_workers) == expected


def test_too_few_gpus_for_a_parallel_model():
    """Such a model cannot have a worker."""
    with pytest.raises(WorkerInitialization, match="parallelLevel 4"):
        resolve(yaml=ModelConfig(parallel_type="tp", parallel_level=4), gpus=2)


def test_worker_capacity():
    """None where nothing limits the workers."""
    assert worker_capacity("gpu", None, 2, 5) == 2
    assert worker_capacity("gpu", (0, 1, 2), 1, 5) == 3
    assert worker_capacity("cpu", None, 2, 0) is None
    assert worker_capacity("gpu", None, 0, 4) is None


def test_parallel_level_needs_a_type():
    """A parallelLevel alone is nothing; a type alone means level 1."""
    assert resolve(yaml=ModelConfig(parallel_level=2)).parallel_level == 0
    assert resolve(yaml=ModelConfig(parallel_type="custom")).parallel_level == 1


def test_debug_has_one_worker_and_no_timeouts():
    """`debug=true` is for a debugger, which takes its time."""
    options = resolve(settings=Settings(debug=True), cpus=8)
    assert options.min_workers == 1
    assert options.response_timeout_s == options.startup_timeout_s == 2**31 - 1


def test_sequence_options_need_an_idle_time():
    """As in TorchServe, they stay 0 without sequenceMaxIdleMSec."""
    assert resolve(yaml=ModelConfig(max_num_sequence=4)).max_num_sequence == 0
    options = resolve(yaml=ModelConfig(sequence_max_idle_ms=500, max_num_sequence=4, sequence_batching=True))
    assert (options.sequence_max_idle_ms, options.max_num_sequence, options.max_sequence_job_queue_size) == (500, 4, 1)
    assert (options.sequence_batching, options.warnings) == (True, ())


def test_sequences_without_an_idle_time_are_not_kept():
    """Nobody would end them; the model is served as any other, with a warning."""
    options = resolve(yaml=ModelConfig(sequence_batching=True))
    assert options.sequence_batching is False
    assert options.warnings == (
        "sequenceBatching in model-config.yaml has no effect: there is no sequenceMaxIdleMSec above 0",
    )


def test_as_many_sequences_as_the_workers_take_at_once_may_be_open():
    """Whatever maxNumSequence says, which TorchServe means to be so."""
    config = ModelConfig(sequence_max_idle_ms=500, sequence_batching=True, batch_size=4, min_workers=2, max_workers=2)
    assert resolve(yaml=config).max_num_sequence == 8


def test_tickets_and_sequences():
    """A sequence's worker is waited for, so a ticket would refuse what maxSequenceJobQueueSize allows; a warning says so."""
    config = ModelConfig(sequence_max_idle_ms=500, sequence_batching=True, use_job_ticket=True)
    assert "useJobTicket in model-config.yaml has no effect" in resolve(yaml=config).warnings[0]


def test_objectives_are_the_yamls():
    """None where there is no yaml, or none in it."""
    objectives = Objectives(availability_target=0.999, latency_s=0.25, latency_target=0.99)
    options = resolve(yaml=ModelConfig(objectives=objectives))
    assert options.objectives is objectives
    assert options.warnings == ()
    assert resolve(yaml=ModelConfig()).objectives is resolve().objectives is None


def test_remaining_yaml_options():
    """Queue, retries, client deadline and switches are the yaml's."""
    options = resolve(
        yaml=ModelConfig(
            job_queue_size=5,
            max_retry_timeout_s=6,
            client_timeout_ms=7,
            use_job_ticket=True,
            use_venv=True,
            async_communication=True,
        ),
        settings=Settings(job_queue_size=50),
    )
    assert (options.job_queue_size, options.max_retry_timeout_s, options.client_timeout_ms) == (5, 6, 7)
    assert (options.use_job_ticket, options.use_venv, options.async_communication) == (True, True, True)
    assert resolve(settings=Settings(job_queue_size=50)).job_queue_size == 50


def test_runtime_of_models_wins_over_the_request():
    """None leaves it to the manifest."""
    assert resolve().runtime is None
    assert resolve({"runtime": "python3"}).runtime == "python3"
    assert resolve({"runtime": "python3"}, None, StartupModel(runtime_type="python")).runtime == "python"
