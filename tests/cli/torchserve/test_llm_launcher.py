"""`ts.llm_launcher`'s options, as `servescope llm` takes them."""

import pytest

from servescope.cli.llm.words import read_words
from servescope.cli.torchserve.llm_launcher import launch
from servescope.errors import ConfigurationError


@pytest.fixture
def launched(tmp_path):
    """Launch with these words and GPUs; what `servescope llm` reads of it."""

    def call(line, gpus=0):
        heard = []

        def serve(words, environ, directory):
            heard.append((list(words), directory))
            return 3

        assert launch(line.split(), {}, tmp_path, serve, lambda: gpus) == 3
        ((words, directory),) = heard
        assert directory == tmp_path
        return read_words(words)

    return call


def test_defaults(launched, tmp_path):
    """Those of TorchServe's launcher: the name `model`, version 1.0, twenty minutes to load, no snapshots, a store of its own."""
    command = launched("--model_id some/Model")
    assert (command.model, command.name, command.version) == ("some/Model", "model", "1.0")
    assert (command.startup_timeout_s, command.response_timeout_s) == (1200, 1200)
    assert command.engine == ("--max-num-seqs=256",)
    assert command.options.no_config_snapshots
    assert not command.options.disable_token_auth
    assert (tmp_path / "model_store").is_dir()


def test_every_option(launched, tmp_path):
    """Each says what it said there; all GPUs are used, by tensor parallelism."""
    command = launched(
        "--model_id m --model_name n --model_store s --disable_token_auth --vllm_engine.max_num_seqs 8 --startup_timeout 5"
        " --vllm_engine.max_model_len 512 --vllm_engine.download_dir /d --engine vllm --dtype float16",
        gpus=4,
    )
    assert (command.name, command.startup_timeout_s) == ("n", 5)
    assert command.options.disable_token_auth
    assert set(command.engine) == {
        "--max-num-seqs=8", "--max-model-len=512", "--tensor-parallel-size=4", "--download-dir=/d",
    }  # fmt: skip
    assert (tmp_path / "s").is_dir()


def test_another_engine(launched):
    """It is named, before anything is written."""
    with pytest.raises(ConfigurationError, match=r"^--engine 'trt_llm': only vllm is there$"):
        launched("--engine trt_llm --model_store s")


def test_a_store_that_cannot_be_made(launched, tmp_path):
    """It is named, with the reason."""
    (tmp_path / "s").touch()
    with pytest.raises(ConfigurationError, match=r"^--model_store 's' cannot be made: File exists$"):
        launched("--model_store s")
