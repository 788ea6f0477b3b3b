"""Settings → a parsed command line: the parser's own types and choices, refusals that name the option."""

import argparse
from pathlib import Path

import pytest

from servescope.errors import ConfigurationError
from servescope.worker.llm.arguments import parse
from servescope.worker.llm.settings import read_settings


def parser():
    """A command line in the manner of vLLM's."""
    made = argparse.ArgumentParser(allow_abbrev=False)
    made.add_argument("model_tag", nargs="?")
    made.add_argument("--model", default="some/default")
    made.add_argument("--served-model-name", nargs="+")
    made.add_argument("--dtype", choices=["auto", "float32"], default="auto")
    made.add_argument("--max-model-len", type=int)
    made.add_argument("--enforce-eager", action=argparse.BooleanOptionalAction, default=False)
    made.add_argument("--tensor-parallel-size", type=int, default=1)
    made.add_argument("--enable-lora", action=argparse.BooleanOptionalAction, default=False)
    made.add_argument("--lora-modules", nargs="+")
    made.add_argument("--chat-template")
    made.add_argument("--rope", type=str)
    return made


def parsed(**handler):
    config = {"parallelLevel": handler.pop("parallelLevel", 1)}
    return parse(read_settings({**config, "handler": handler}, Path("/none")), "tiny", parser())


def test_options_take_the_parsers_types():
    """Numbers, switches both ways, lists and mappings."""
    options = {"max_model_len": "256", "enforce_eager": True, "rope": {"a": 1}, "dtype": None}
    args = parsed(model_path="org/m", vllm_engine_config=options)
    assert (args.max_model_len, args.enforce_eager, args.rope, args.dtype) == (256, True, '{"a": 1}', "auto")
    assert parsed(model_path="m", vllm_engine_config={"enforce_eager": False}).enforce_eager is False


def test_words_win():
    """The command line comes after the mapping, and parallelLevel before both."""
    args = parsed(
        model_path="m",
        vllm_engine_config={"max_model_len": 1},
        vllm_engine_args=["--max-model-len", 2],
        parallelLevel=4,
    )
    assert (args.max_model_len, args.tensor_parallel_size) == (2, 4)
    args = parsed(model_path="m", vllm_engine_config={"tensor_parallel_size": 2}, parallelLevel=4)
    assert args.tensor_parallel_size == 2


@pytest.mark.parametrize(
    ("handler", "model", "names"),
    [
        ({"model_path": "org/m"}, "org/m", ["tiny", "org/m"]),
        ({"model_path": "tiny"}, "tiny", ["tiny"]),
        ({"model_path": "m", "vllm_engine_config": {"served_model_name": ["a", "tiny", "b"]}}, "m", ["tiny", "a", "b"]),
        ({"model_path": "m", "vllm_engine_config": {"served_model_name": "a"}}, "m", ["tiny", "a"]),
        ({"vllm_engine_args": ["org/m", "--served-model-name", "a"]}, "org/m", ["tiny", "a"]),
        ({"vllm_engine_args": ["--model", "org/m"]}, "org/m", ["tiny", "org/m"]),
        ({"model_path": "/", "served_model_names": ["./m"]}, "/", ["tiny", "./m"]),
        (
            {"model_path": "m", "served_model_names": ["b"], "vllm_engine_args": ["--served-model-name", "a"]},
            "m",
            ["tiny", "b", "a"],
        ),
    ],
)
def test_names(handler, model, names):
    """The registered name first, then what the engine is told to be called, or the model as it was written."""
    args = parsed(**handler)
    assert (args.model, args.served_model_name) == (model, names)


def test_adapters_need_lora():
    """Adapters turn it on, as words that name some do."""
    assert parsed(model_path="m").enable_lora is False
    assert parsed(model_path="m", adapters={"a": "x/y"}).enable_lora is True
    assert parsed(model_path="m", vllm_engine_args=["--lora-modules", "a=x"]).enable_lora is True


@pytest.mark.parametrize(
    ("handler", "named"),
    [
        (
            {"model_path": "m", "vllm_engine_config": {"max_models": 3}},
            r"vllm_engine_config.max_models: .*\(value: 3\)",
        ),
        (
            {"model_path": "m", "vllm_engine_config": {"dtype": "x"}},
            "vllm_engine_config.dtype: 'x' cannot be used: .*x",
        ),
        ({"model_path": "m", "vllm_engine_args": ["--frob"]}, "vllm_engine_args: unrecognized arguments: --frob"),
        ({"model_path": "m", "vllm_engine_args": ["--help"]}, "vllm_engine_args: --help asks for no engine"),
        ({}, "handler.model_path .* is missing"),
    ],
)
def test_refusals(handler, named):
    """The parser's message, after the name of the option; a parser never ends the process."""
    with pytest.raises(ConfigurationError, match=named):
        parsed(**handler)
