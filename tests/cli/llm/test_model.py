"""The folder that `servescope llm` registers, and the models that it finds."""

import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.archive.manifest import MANIFEST_PATH, parse_manifest
from servescope.cli.llm.model import find_model, model_config, write_model
from servescope.cli.llm.words import read_words
from servescope.config.model.config import parse_model_config
from servescope.config.values.load_list import LoadModel, parse_load_models
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def model(words, directory=Path("/nowhere")):
    return find_model(read_words(words), directory)


def test_the_folder_is_a_model(tmp_path):
    """What the server reads of it is what the command said, with no warning."""
    (tmp_path / "tiny").mkdir()
    words = ["./tiny", "--replicas", "2", "--startup-timeout", "9", "--response-timeout", "8", "--dtype", "float32"]
    folder = write_model(model(words, tmp_path), tmp_path / "folder")
    manifest = parse_manifest((folder / MANIFEST_PATH).read_bytes(), "folder")
    assert (manifest.model_name, manifest.model_version, manifest.handler) == ("tiny", "1.0", "vllm_handler")
    text = (folder / manifest.config_file).read_text()
    config, warnings = parse_model_config(text, "folder")
    assert warnings == []
    assert (config.min_workers, config.max_workers) == (2, 2)
    assert (config.startup_timeout, config.response_timeout) == (9, 8)
    assert (config.parallel_type, config.parallel_level) == ("custom", 1)
    assert config.async_communication
    assert yaml.safe_load(text)["handler"] == {
        "model_path": str(tmp_path / "tiny"),
        "served_model_names": ["./tiny"],
        "vllm_engine_args": ["--dtype", "float32"],
    }


WORD = st.text(st.characters(exclude_categories=["Cs"]), max_size=10).filter(lambda word: not word.startswith("--"))


@given(st.lists(WORD, max_size=6))
def test_vllms_words_survive_the_file(words):
    """Whatever is in them: digits stay text, and so do yes, null and what YAML would take for its own.

    No other options are among them, as some are refused.
    """
    config = model_config(find_model(read_words(["m", "--", "--option", *words]), Path("/nowhere")))
    assert yaml.safe_load(yaml.safe_dump(config))["handler"]["vllm_engine_args"][-len(words) - 1 :] == [
        "--option",
        *words,
    ]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct"),
        ("s3://bucket/my model, v=2/", "my-model-v-2"),
        ("größe", "gr-e"),
        ("org/___", "___"),
        ("org/...", "model"),
    ],
)
def test_the_name_is_the_last_part_and_safe(typed, name):
    """For URLs, and for a list of models."""
    assert model([typed]).name == name
    assert model([typed]).source == typed


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(texts.filter(lambda text: text[0] not in "-./~"))
def test_any_name_can_be_loaded(typed):
    """The list of models to load reads it back."""
    found = model([typed])
    words = GivenValue("load_models", f"{found.name}=/folder", "--models", Path("/"))
    assert parse_load_models(words) == ((LoadModel(found.name, "/folder"),), False)


def test_a_folder_is_made_absolute(tmp_path, monkeypatch):
    """With or without `./` before it, from above, and from the home directory."""
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    for typed in ("./models/tiny", "models/tiny", "models/tiny/", str(tmp_path / "models/tiny"), "~/models/tiny"):
        found = model([typed], tmp_path)
        assert (found.source, found.name) == (str(tmp_path / "models" / "tiny"), "tiny")
    assert model(["."], tmp_path / "models" / "tiny").name == "tiny"
    assert model(["../tiny"], tmp_path / "models" / "tiny").source == str(tmp_path / "models" / "tiny")


@pytest.mark.parametrize("typed", ["./absent", "../absent", "/absent/absent", "~/absent/absent", ""])
def test_a_path_with_nothing_there_is_named(typed, tmp_path):
    """It is not asked of a hub."""
    with pytest.raises(ConfigurationError) as refused:
        model([typed] if typed else ["--", ""], tmp_path / "absent")
    assert repr(typed) in refused.value.message


@pytest.mark.parametrize("option", ["--model-name", "--model-version"])
@pytest.mark.parametrize("value", ["a/b", "a b", "", "..", "a,b", "a=b"])
def test_names_that_no_url_holds_are_refused(option, value):
    """By option and value."""
    with pytest.raises(ConfigurationError) as refused:
        model(["m", f"{option}={value}"])
    assert option in refused.value.message
    assert repr(value) in refused.value.message


@pytest.mark.parametrize("word", ["--port", "--port=9000", "--host", "--api-key", "--ssl_keyfile=x", "--model"])
def test_options_of_vllms_own_server_are_refused(word):
    """They would be taken, and do nothing; the message says what to do instead."""
    with pytest.raises(ConfigurationError) as refused:
        model(["m", "--dtype", "auto", word, "9000"])
    assert word in refused.value.message
    assert ";" in refused.value.message


@pytest.mark.parametrize(
    ("words", "level", "added"),
    [
        ([], 1, []),
        (["--tensor-parallel-size", "2"], 2, []),
        (["--tensor_parallel_size=4"], 4, []),
        (["-tp", "2", "-pp=3"], 6, []),
        (["-pp", "2"], 2, ["--tensor-parallel-size=1"]),
        (["-tp", "2", "-tp", "8"], 8, []),
        (["--tensor-parallel-size", "two"], 1, []),
        (["--tensor-parallel-size"], 1, []),
        (["--data-parallel-size", "0"], 1, []),
    ],
)
def test_an_engine_gets_the_gpus_it_spans(words, level, added):
    """Their product is parallelLevel; what is no number is left for vLLM to refuse."""
    config = model_config(model(["m", *words]))
    assert (config["parallelType"], config["parallelLevel"]) == ("custom", level)
    assert config["handler"]["vllm_engine_args"] == [*added, *words]


def test_the_model_is_frozen():
    """It passes between modules."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        model(["m"]).name = "n"
