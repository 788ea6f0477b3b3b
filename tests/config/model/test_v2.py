"""The v2 section of model-config.yaml."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.options import RegisterOptions, resolve_options
from servescope.config.model.v2 import V2, V2_KEYS, TensorFacts, parse_v2
from servescope.config.settings import Settings
from servescope.datatypes import DATATYPES
from servescope.errors import BadRequest

WHERE = "m.mar: model-config.yaml"
TENSOR = {"name": "x", "datatype": "FP32", "shape": [-1, 784]}


def refused(section):
    with pytest.raises(BadRequest) as caught:
        parse_v2(section, WHERE)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: v2")
    return message


def test_reads_every_key():
    """Into what clients are told."""
    section = {"inputs": [TENSOR], "outputs": [TENSOR | {"name": "y"}], "tensors": "numpy", "platform": "onnx"}
    assert set(section) == set(V2_KEYS)
    tensor = TensorFacts("x", "FP32", (-1, 784))
    assert parse_v2(section, WHERE) == V2(
        inputs=(tensor,), outputs=(TensorFacts("y", "FP32", (-1, 784)),), tensors="numpy", platform="onnx"
    )


@pytest.mark.parametrize("text", ["v2:", "v2: {}", "v2:\n  inputs: []\n"])
def test_an_empty_section(text):
    """Is one: the model speaks the protocol."""
    assert parse_model_config(text, "c.yaml")[0].v2 == V2()


def test_no_section():
    """The model does not, unless its envelope does."""
    assert parse_model_config("minWorkers: 1\nmaxWorkers: 1", "c.yaml")[0].v2 is None

    def options(yaml, envelope):
        return resolve_options(
            RegisterOptions(url="m.mar"),
            yaml,
            None,
            Settings(service_envelope=envelope),
            at_startup=True,
            cpus=1,
            gpus=0,
        )

    assert options(None, None).v2 is options(ModelConfig(), "kserve").v2 is None
    assert options(None, "kservev2").v2 == options(ModelConfig(v2=V2()), None).v2 == V2()
    assert options(ModelConfig(v2=V2(tensors="numpy")), "kservev2").v2 == V2(tensors="numpy")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (5, "v2=5 is no mapping: its keys are inputs, outputs, tensors, platform"),
        ([], "v2=[] is no mapping"),
        ({"input": []}, "'input' is no known key; did you mean inputs?"),
        ({"xyz": 1}, "'xyz' is no known key; its keys are"),
        ({1: 1}, "1 is no known key"),
        ({"tensors": "torch"}, "tensors='torch' is none of lists, numpy"),
        ({"tensors": ["numpy"]}, "tensors=['numpy'] is none of lists, numpy"),
        ({"platform": 5}, "platform=5 is no text"),
        ({"platform": ""}, "platform='' is no text"),
        ({"inputs": {}}, "inputs=a mapping is no list of tensors"),
        ({"inputs": ["x"]}, "inputs[0]='x' is no mapping: its keys are name, datatype, shape"),
        ({"inputs": [TENSOR, {"name": "x"}]}, "inputs[1] has no datatype"),
        ({"outputs": [TENSOR | {"dtype": 1}]}, "outputs[0]: 'dtype' is no known key; did you mean datatype?"),
        ({"outputs": [TENSOR | {"datatype": "FP33"}]}, "datatype='FP33' is none of BOOL"),
        ({"outputs": [TENSOR | {"datatype": ["FP32"]}]}, "datatype=['FP32'] is none of BOOL"),
        ({"outputs": [TENSOR | {"name": 5}]}, "name=5 is no text"),
        ({"outputs": [TENSOR | {"shape": 5}]}, "shape=5 is no list of lengths"),
        ({"outputs": [TENSOR | {"shape": [-2]}]}, "shape=[-2] is no list of lengths"),
        ({"outputs": [TENSOR | {"shape": [True]}]}, "shape=[True] is no list of lengths"),
        ({"outputs": [TENSOR | {"shape": [2**63]}]}, "is no list of lengths"),
        ({"outputs": [TENSOR | {"shape": [1] * 33}]}, "33 dimensions; at most 32"),
        ({"outputs": [TENSOR] * 2}, "outputs has two tensors with the name 'x'"),
        ({"outputs": [TENSOR] * 1001}, "1001 tensors; at most 1000"),
    ],
)
def test_a_mistake_is_refused(section, words):
    """With the key and its value."""
    assert words in refused(section)


@pytest.mark.parametrize("datatype", DATATYPES)
def test_every_datatype(datatype):
    """Of the protocol."""
    assert parse_v2({"inputs": [TENSOR | {"datatype": datatype}]}, WHERE).inputs[0].datatype == datatype


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from([*V2_KEYS, "name", "shape"]),
        lambda one: (
            st.lists(one, max_size=3) | st.dictionaries(st.sampled_from([*V2_KEYS, "name", "x"]), one, max_size=3)
        ),
    )
)
def test_noise(section):
    """Whatever stands there is a section, or refused."""
    try:
        read = parse_v2(section, WHERE)
    except BadRequest as error:
        read = str(error)
    assert read.startswith(f"{WHERE}: v2") if isinstance(read, str) else isinstance(read, V2)
