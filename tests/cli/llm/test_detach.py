"""`servescope llm --detach`: the process in the background has the model's folder, and takes it away when it ends."""

import os
import select
import signal
import sys

import pytest

from servescope.cli import runfile
from servescope.cli.llm.command import llm
from servescope.cli.start.detach import NotReadyError
from servescope.errors import ConfigurationError


@pytest.fixture
def place(tmp_path):
    """A model, addresses that no other server has, and a package that is called vllm and does not load."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "temp").mkdir()
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("raise ImportError('this is no engine')\n")
    sockets = (f"{api}_address=unix:{tmp_path}/{api[:2]}.sock\n" for api in ("inference", "management", "metrics"))
    (tmp_path / "my.properties").write_text("".join(sockets))
    return tmp_path


def environ(place, *path):
    return os.environ | {"TEMP": str(place / "temp"), "PYTHONPATH": os.pathsep.join([*map(str, path), *sys.path])}


def folders(place):
    return list((place / "temp").glob("servescope-llm-*"))


def test_the_server_in_the_background_owns_the_folder(place, capsys):
    """It is there while the server runs, whatever became of the model, and gone with it."""
    words = [
        "./tiny",
        "--detach",
        "--wait",
        "0",
        "--ts-config",
        "my.properties",
        "--models",
        "--",
        "--dtype",
        "float32",
    ]
    assert llm(words, environ(place, place), place, find_vllm=lambda: "gpu") == 0
    assert "tiny is being loaded" in capsys.readouterr().out
    running = runfile.read(place / "temp" / runfile.NAME)
    ended = os.pidfd_open(running.pid)
    try:
        (folder,) = folders(place)
        config = (folder / "model" / "model-config.yaml").read_text()
    finally:
        os.kill(running.pid, signal.SIGTERM)
        assert select.select([ended], [], [], 30)[0]
        os.close(ended)
    assert "float32" in config
    assert folders(place) == []


def test_an_engine_that_does_not_load_is_said(place, capsys):
    """With the reason, as soon as it has failed again and again; the server goes on."""
    words = ["./tiny", "--detach", "--ts-config", "my.properties"]
    with pytest.raises(NotReadyError, match=r"tiny 1\.0: .*this is no engine\nThe server goes on as process \d+"):
        llm(words, environ(place, place), place, find_vllm=lambda: "gpu")
    running = runfile.read(place / "temp" / runfile.NAME)
    ended = os.pidfd_open(running.pid)
    try:
        assert "tiny 1.0: failed: ImportError: this is no engine (it is tried again)" in capsys.readouterr().out
    finally:
        os.kill(running.pid, signal.SIGTERM)
        assert select.select([ended], [], [], 30)[0]
        os.close(ended)


def test_what_keeps_it_from_starting_is_said(place):
    """The last words of the process in the background."""
    words = ["./tiny", "--detach", "--ts-config", "absent.properties"]
    with pytest.raises(ConfigurationError, match=r"(?s)before it answered.*absent\.properties"):
        llm(words, environ(place, place), place, find_vllm=lambda: "gpu")
    assert folders(place) == []
