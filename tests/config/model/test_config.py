"""model-config.yaml."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.objectives import Objectives
from servescope.config.model.placement.torchrun import TorchRun
from servescope.config.model.yaml_key import yaml_keys
from servescope.errors import BadRequest, InvalidModel


def test_reads_every_key():
    """All the keys of the contract, among the handler's own."""
    config, warnings = parse_model_config(
        """
minWorkers: 1
maxWorkers: 2
batchSize: 4
maxBatchDelay: 0
responseTimeout: 3
startupTimeout: 5
deviceType: GPU
deviceIds: [0, 1]
parallelType: tp
parallelLevel: 2
maxRetryTimeoutInSec: 6
clientTimeoutInMills: 7
jobQueueSize: 8
useJobTicket: true
useVenv: true
continuousBatching: true
sequenceBatching: true
asyncCommunication: true
sequenceMaxIdleMSec: 9
sequenceTimeoutMSec: 10
maxSequenceJobQueueSize: 11
maxNumSequence: 12
slo: {availability_target: 99.9, latency_ms: 250}
handler: {profile: true}
pt2: {compile: {enable: true}}
7: seven
""",
        "model-config.yaml",
    )
    assert warnings == []
    assert config == ModelConfig(
        min_workers=1,
        max_workers=2,
        batch_size=4,
        max_batch_delay=0,
        response_timeout=3,
        startup_timeout=5,
        device_type="gpu",
        device_ids=(0, 1),
        parallel_type="tp",
        parallel_level=2,
        max_retry_timeout_s=6,
        client_timeout_ms=7,
        job_queue_size=8,
        use_job_ticket=True,
        use_venv=True,
        continuous_batching=True,
        sequence_batching=True,
        async_communication=True,
        sequence_max_idle_ms=9,
        sequence_timeout_ms=10,
        max_sequence_job_queue_size=11,
        max_num_sequence=12,
        objectives=Objectives(availability_target=0.999, latency_s=0.25, latency_target=0.99),
    )


NUMBERS = [
    (section, yaml_keys(target)[slot.name].name)
    for section, target in (("", ModelConfig), ("torchrun", TorchRun))
    for slot in fields(target)
    if str(slot.type) == "int | None"
]


@pytest.mark.parametrize(("section", "key"), NUMBERS)
@pytest.mark.parametrize("value", ["2000000000000", "9" * 30])
def test_every_number_has_a_bound(section, key, value):
    """The model is refused by key, value and bound, where a wrong type is warned about and ignored."""
    text = f"{section}: {{{key}: {value}}}" if section else f"{key}: {value}"
    with pytest.raises(InvalidModel, match=rf"^m\.yaml:.* {key}={value} is above [0-9]+$"):
        parse_model_config(text, "m.yaml")
    for other in ("-1", "1e12", "many", "[1]"):
        _, warnings = parse_model_config(text.replace(value, other), "m.yaml")
        assert len(warnings) == 1


def test_the_numbers_are_all_that_there_are():
    """The types of fields are looked at as they are written."""
    assert len(NUMBERS) == 15 + 5


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        (str([0] * 1025), "has 1025 numbers; at most 1024"),
        ("[0, 1024]", r"deviceIds=\[0, 1024\] has numbers above 1023"),
    ],
)
def test_device_ids_have_bounds(ids, text):
    """How many there are, and how large they are."""
    with pytest.raises(InvalidModel, match=text):
        parse_model_config(f"deviceIds: {ids}", "m.yaml")


def test_torchrun_sets_the_parallel_level():
    """nproc-per-node is the parallel level."""
    config, warnings = parse_model_config(
        "parallelType: pp\ntorchrun: {nproc-per-node: 4, nnodes: 1, OMP_NUMBER_THREADS: 2, node-rank: x}", "m.yaml"
    )
    assert config.parallel_level == 4
    assert config.torchrun == TorchRun(nproc_per_node=4, nnodes=1, omp_number_threads=2)
    assert warnings == ["m.yaml: torchrun: node-rank='x' is ignored: it should be an integer of at least 0"]


def test_wrong_types_are_ignored_with_a_warning_each():
    """The warning names file, key and value."""
    config, warnings = parse_model_config("batchSize: four\nuseVenv: 1\ntorchrun: 3\nminWorkers: 2", "m.yaml")
    assert config == ModelConfig(min_workers=2)
    assert [warning.split(" is ignored")[0] for warning in warnings] == [
        "m.yaml: batchSize='four'",
        "m.yaml: torchrun=3",
        "m.yaml: useVenv=1",
    ]


def test_a_huge_number_of_a_wrong_type_is_named():
    """Python refuses to write such an integer out; the warning does without."""
    config, warnings = parse_model_config(f"deviceType: 0x{'f' * 20000}", "m.yaml")
    assert config == ModelConfig()
    assert warnings == ["m.yaml: deviceType=a huge number is ignored: it should be one of cpu, gpu"]


def test_an_empty_slo_asks_for_nothing():
    """As the section alone, with all its keys commented out."""
    assert parse_model_config("slo:\n  # latency_ms: 3", "m.yaml") == (ModelConfig(), [])


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}"])
def test_an_empty_file_says_nothing(text):
    """Such a file is a yaml all the same."""
    assert parse_model_config(text, "m.yaml") == (ModelConfig(), [])


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "just text",
        "a: [",
        "a: b: c",
        "!!python/object/apply:os.system [x]",
        "a: !!timestamp x",
        "{[1]: 2}",
        "[" * 1000,
    ],
)
def test_what_is_no_mapping_is_an_invalid_model(text):
    """The error names the file."""
    with pytest.raises(InvalidModel, match=r"m\.yaml"):
        parse_model_config(text, "m.yaml")


@given(st.text() | st.from_regex(r"(minWorkers|deviceIds|torchrun|slo): [\[\]{}0-9a-z!,: .&*-]{0,12}"))
def test_any_text_is_read_or_an_invalid_model(text):
    """No yaml raises anything else."""
    try:
        config, _ = parse_model_config(text, "m.yaml")
    except (InvalidModel, BadRequest):
        return
    assert config.min_workers is None or config.min_workers >= 0
