"""What model-config.yaml says of a language model: paths beside the model, refusals that name the option."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import ConfigurationError
from servescope.worker.llm.settings import read_settings


def test_paths_within_the_models_directory(tmp_path):
    """What lies in the model's directory is found there; a hub's name and a template's text stay as they are."""
    for name in ("weights", "lora", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "chat.jinja").write_text("{{ messages }}")
    handler = {
        "model_path": "weights",
        "adapters": {"a": "lora", "b": {"path": "other"}},
        "chat_template": "chat.jinja",
    }
    settings = read_settings({"handler": handler, "parallelLevel": 2}, tmp_path)
    assert (settings.model, settings.given) == (str(tmp_path / "weights"), "weights")
    assert settings.adapters == {"a": str(tmp_path / "lora"), "b": str(tmp_path / "other")}
    assert settings.chat_template == str(tmp_path / "chat.jinja")
    assert settings.devices == 2
    hub = read_settings({"handler": {"model_path": "org/model", "chat_template": "{{ x }}" * 99}}, tmp_path)
    assert (hub.model, hub.chat_template) == ("org/model", "{{ x }}" * 99)


def test_engine_config_may_name_the_model(tmp_path):
    """`vllm_engine_config.model` comes before `model_path`, as in TorchServe, and is no option any more."""
    handler = {"model_path": "a/b", "vllm_engine_config": {"model": "c/d", "max_model_len": 9}}
    settings = read_settings({"handler": handler}, tmp_path)
    assert (settings.model, settings.options) == ("c/d", {"max_model_len": 9})


def test_nothing_said(tmp_path):
    """Without a word the model is left open, for the words of the command line."""
    settings = read_settings({}, tmp_path)
    assert (settings.model, settings.options, settings.words, settings.devices) == ("", {}, (), 1)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"handler": ["x"]}, r"handler must be a mapping, not \['x'\]"),
        ({"handler": {"model_path": 7}}, "handler.model_path must be text, not 7"),
        ({"handler": {"model_path": "/no/such"}}, "handler.model_path=/no/such: there is no such folder"),
        ({"handler": {"vllm_engine_config": "x"}}, "handler.vllm_engine_config must be a mapping"),
        ({"handler": {"vllm_engine_args": "--x"}}, "handler.vllm_engine_args must be a list of words, not '--x'"),
        ({"handler": {"served_model_names": "m"}}, "handler.served_model_names must be a list of words, not 'm'"),
        ({"handler": {"adapters": {"a": {"file": "x"}}}}, "handler.adapters.a must be a path"),
        ({"parallelLevel": 0}, "parallelLevel must be a whole number from 1, not 0"),
        ({"parallelLevel": True}, "parallelLevel must be a whole number from 1, not True"),
    ],
)
def test_refusals(tmp_path, config, named):
    """Each names the option and the value."""
    with pytest.raises(ConfigurationError, match=named):
        read_settings(config, tmp_path)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(["model_path", "vllm_engine_config", "vllm_engine_args", "adapters", "chat_template"])


@given(handler=st.dictionaries(_keys, _values), level=_values)
def test_whatever_yaml_holds(tmp_path_factory, handler, level):
    """Any YAML gives settings or a refusal, nothing else."""
    try:
        read_settings({"handler": handler, "parallelLevel": level}, tmp_path_factory.getbasetemp())
    except ConfigurationError:
        pass
