"""`torchserve` in TorchServe's words: what it refuses, and with which status, as the real one was recorded to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope import __version__
from servescope.cli.start.command import parser as start_parser
from servescope.cli.torchserve.command import torchserve
from servescope.cli.torchserve.words import parser, start_words
from servescope.errors import ServescopeError


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run it in a directory of its own with a store; its status and what it printed on standard output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store").mkdir()

    def call(line, **environ):
        status = torchserve(line.split(), {"TEMP": str(tmp_path)} | environ, tmp_path)
        return status, capsys.readouterr().out

    return call


@pytest.mark.parametrize("option", ["-v", "--version", "--vers"])
def test_version(run, option):
    """The release whose behaviour this is, in its words; below, what it really is."""
    assert run(option) == (0, f"TorchServe Version is 0.12.0\nServescope {__version__} in TorchServe's place\n")


@pytest.mark.parametrize("line", ["--stop", "--stop --foreground"])
def test_stop_without_a_server(run, line):
    """That is no failure."""
    assert run(line) == (0, "TorchServe is not currently running.\n")


# Recorded off TorchServe 0.12.0; {here} is the working directory.
REFUSED = {
    "": "Missing mandatory parameter --model-store",
    "--start": "Missing mandatory parameter --model-store",
    "--foreground": "Missing mandatory parameter --model-store",
    "--start --model-store nowhere": "--model-store directory not found: nowhere",
    "--model-st nowhere": "--model-store directory not found: nowhere",
    "--start --model-store store --workflow-store nowhere": "--workflow-store directory not found: nowhere",
    "--start --model-store store --ts-config no.cfg": "--ts-config file not found: no.cfg",
    "--start --model-store store --log-config no.xml": "--log-config file not found: {here}/no.xml",
    "--start --model-store store --cpp-log-config no.cfg": "--cpp-log-config file not found: {here}/no.cfg",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refusals(run, tmp_path, line):
    """The words on standard output, and status 1."""
    assert run(line) == (1, REFUSED[line].format(here=tmp_path) + "\n")


def test_the_file_that_the_environment_names(run):
    """TS_CONFIG_FILE wins over --ts-config, also when it is missing."""
    assert run("--start --ts-config no.cfg", TS_CONFIG_FILE="other.cfg") == (
        1,
        "--ts-config file not found: other.cfg\n",
    )


def test_a_temporary_directory_that_is_not_there(run):
    """In TorchServe's words, and not as a path that does not exist."""
    with pytest.raises(
        ServescopeError, match=r"^Invalid temp directory: /nowhere, please check TEMP environment variable\.$"
    ):
        run("--start --model-store store", TEMP="/nowhere")


@pytest.mark.parametrize(
    "line", ["--start --stop", "--start --model-store store --models", "--bogus", "--stop --version"]
)
def test_command_lines_without_sense(run, line):
    """Status 2, as argparse's."""
    with pytest.raises(SystemExit) as end:
        run(line)
    assert end.value.code == 2


def test_every_option_reaches_start():
    """Each option of TorchServe 0.12, in its long and short forms, says to `servescope start` what it said there."""
    line = (
        "--start --ts-config c.properties --model-store -store --workflow-store w --models a.mar b=-c.mar --log-config l.xml"
        " --cpp-log-config p --ncs --ppath jars/* --dt --enable-model-api"
    ).replace("--model-store -store", "--model-store=-store")
    words = start_words(parser().parse_args(line.split()))
    read = start_parser().parse_args(words)
    assert [str(read.ts_config), str(read.model_store), str(read.workflow_store)] == ["c.properties", "-store", "w"]
    assert read.models == ["a.mar", "b=-c.mar"]
    assert [str(read.log_config), str(read.cpp_log_config), read.plugins_path] == ["l.xml", "p", "jars/*"]
    assert read.no_config_snapshots
    assert read.disable_token_auth
    assert read.enable_model_api
    long = "--no-config-snapshots --plugins-path=jars/* --disable-token-auth"
    assert set(start_words(parser().parse_args(long.split()))) < set(words)


_VALUE = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(_VALUE, _VALUE, st.lists(_VALUE, max_size=3))
def test_any_value_reaches_start(plugins, store, models):
    """Whatever it is made of: dashes, blanks and equals signs too."""
    words = [f"--plugins-path={plugins}", f"--model-store={store}", *(f"--models={one}" for one in models[:1])]
    given_words = start_words(parser().parse_args(words))
    read = start_parser().parse_args(given_words)
    assert (read.plugins_path, read.model_store) == (plugins, Path(store))
    assert read.models == (models[:1] or None)


def test_an_empty_value_is_none(run):
    """As in TorchServe, where a script's variable was not set."""
    assert start_words(parser().parse_args(["--ts-config", "", "--model-store", ""])) == []
    assert run("--start --model-store=") == (1, "Missing mandatory parameter --model-store\n")
