"""Snapshots: what the next start goes on from, however the last server ended."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from integration.server import COMMAND, PATIENCE_S, addresses, own_ports, pack, properties, wait_until
from integration.workflows.flow import pack_war, spec_of
from servescope.config.choice import SNAPSHOTS
from servescope.config.snapshots.file import MODEL_SNAPSHOT, read

pytestmark = pytest.mark.integration

ECHO = "def handle(data, context):\n    return None if data is None else [context.model_name] * len(data)\n"


class Place:
    """A directory in which servers are started one after the other, as by a user who gives no options but --detach."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = directory / "store"
        self.store.mkdir()
        self.ports = own_ports()
        settings = addresses(self.ports) | {"model_store": "store", "enable_model_api": "true"}
        settings |= {"disable_token_authorization": "true", "disable_system_metrics": "true"}
        self.settings = directory / "config.properties"
        self.settings.write_text(properties(settings))
        self._environ = os.environ | {"TEMP": str(directory)}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        command = [*COMMAND, *words]
        return subprocess.run(
            command, cwd=self.directory, env=self._environ, capture_output=True, text=True, timeout=3 * PATIENCE_S
        )

    def start(self, *words: str, status: int = 0) -> str:
        """Start a server; what the command said."""
        done = self.run("start", "--detach", *words)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stop(self) -> None:
        assert self.run("stop").returncode == 0

    def kill(self) -> None:
        pid = int((self.directory / ".servescope.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "its end")

    def models(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of `models`."""
        return self.run("models", *words)

    def described(self, name: str) -> list[dict[str, object]]:
        """All versions."""
        return json.loads(self.models("describe", name, "--version", "all", "--json").stdout or "[]")

    @property
    def snapshots(self) -> list[Path]:
        """The oldest first."""
        return sorted((self.directory / "logs" / SNAPSHOTS).glob("*.cfg"))

    @property
    def log(self) -> str:
        return (self.directory / "logs" / "ts_log.log").read_text()


@pytest.fixture
def place(tmp_path):
    """Ended whatever the test leaves."""
    place = Place(tmp_path)
    yield place
    place.run("stop", "--now")


def test_a_start_goes_on_from_the_last_server(place):
    """Models that were registered by API, their workers, options and defaults; config.properties is not read, and that is said."""
    for version in ("1.0", "2.0"):
        pack(place.store / f"m{version}.mar", "m", ECHO, version=version)
    place.start()
    assert place.models("register", "m1.0.mar", "--workers", "1", "--batch-size", "3").returncode == 0
    assert place.models("register", "m2.0.mar", "--workers", "1").returncode == 0
    assert place.models("scale", "m", "--version", "2.0", "--min-workers", "2", "--max-workers", "3").returncode == 0
    assert place.models("set-default", "m", "2.0").returncode == 0
    place.stop()
    assert [file.stem.partition("-")[2] for file in place.snapshots] == ["startup", *["snapshot"] * 4, "shutdown"]
    said = place.start("--models", "other=m1.0.mar")
    assert f"those of the last server ({place.snapshots[-2].name}); --ncs starts with those that you name" in said
    assert "load_models (from --models) is not read" in place.log
    assert f"The models are those of the snapshot {place.snapshots[-2]}: 2" in place.log
    assert f"{place.settings} is not read" in place.log
    one, two = sorted(place.described("m"), key=lambda model: model["modelVersion"])
    assert (one["batchSize"], one["minWorkers"], one["maxWorkers"]) == (3, 1, 1)
    assert (two["batchSize"], two["minWorkers"], two["maxWorkers"]) == (1, 2, 3)
    (default,) = json.loads(place.models("describe", "m", "--json").stdout)
    assert default["modelVersion"] == "2.0"


def test_whoever_was_answered_is_not_forgotten(place):
    """`kill -9` right after the answer: the next start has the model; after an unregistration it has not."""
    pack(place.store / "m.mar", "m", ECHO)
    place.start()
    assert place.models("register", "m.mar", "--workers", "1").returncode == 0
    place.kill()
    place.start()
    assert place.described("m")
    assert place.models("unregister", "m").returncode == 0
    place.kill()
    place.start()
    assert not place.described("m")


def test_a_damaged_snapshot_is_named_and_the_one_before_is_taken(place):
    """The server serves as before the last change."""
    pack(place.store / "m.mar", "m", ECHO)
    place.start()
    assert place.models("register", "m.mar", "--workers", "1").returncode == 0
    place.stop()
    last = place.snapshots[-1]
    last.write_bytes(last.read_bytes()[:200])
    place.start()
    assert f"The snapshot {last}: its checksum is another one" in place.log
    assert place.described("m")


def test_with_ncs_there_are_none(place):
    """None is read, and none is written."""
    pack(place.store / "m.mar", "m", ECHO)
    place.start()
    assert place.models("register", "m.mar", "--workers", "1").returncode == 0
    place.stop()
    before = place.snapshots
    place.start("--ncs")
    assert not place.described("m")
    place.stop()
    assert place.snapshots == before


def test_a_download_stays_until_its_model_is_unregistered(place):
    """Over two ends of the server, one of them by `kill -9`; another archive of its name keeps apart. Its origin may be gone."""
    pack(place.store / "m.mar", "own", ECHO)
    away = place.directory / "away"
    away.mkdir()
    origin = pack(away / "m.mar", "m", ECHO)
    place.start()
    assert place.models("register", origin.as_uri(), "--workers", "1").returncode == 0
    origin.unlink()
    place.stop()
    place.start()
    assert place.described("m")
    place.kill()
    place.start()
    assert place.described("m")
    assert place.models("unregister", "m").returncode == 0
    assert [path.name for path in place.store.iterdir()] == ["m.mar"]


def test_what_a_workflow_downloaded_goes_with_the_server(place):
    """No snapshot has it, and no start would find it; neither the workflow's own archive nor those of its models."""
    away = place.directory / "away"
    away.mkdir()
    node, own = pack(away / "node.mar", "node", ECHO), pack(away / "own.mar", "own", ECHO)
    spec = spec_of({"node": []}, node={"url": node.as_uri()})
    flow = pack_war(away / "flow.war", "flow", spec, handler=None)
    place.start()
    assert place.models("register", own.as_uri(), "--workers", "1").returncode == 0
    assert place.run("workflow", "register", flow.as_uri()).returncode == 0
    assert len({path.name for path in place.store.iterdir()} & {"node.mar", "own.mar", "flow.war"}) == 3
    assert {file.read_text().count("flow__node") for file in place.snapshots} == {0}
    place.stop()
    assert [path.name for path in place.store.iterdir() if not path.name.startswith(".")] == ["own.mar"]
    place.start()
    assert [model["modelName"] for model in json.loads(place.models("list", "--json").stdout)] == ["own"]


def test_a_model_that_is_missing_for_a_while_comes_back(place):
    """Its archive was away at one start: that one says so, and the next has it again, with its workers."""
    archive = pack(place.store / "m.mar", "m", ECHO)
    place.start()
    assert place.models("register", "m.mar", "--workers", "2").returncode == 0
    place.stop()
    hidden = archive.rename(place.directory / "m.mar")
    place.start(status=1)
    assert place.run("status").returncode == 1
    place.stop()
    hidden.rename(archive)
    place.start()
    (model,) = place.described("m")
    assert model["minWorkers"] == 2


def test_where_none_can_be_written_the_server_serves(place):
    """It says so, and counts; changes are made all the same."""
    pack(place.store / "m.mar", "m", ECHO)
    logs = place.directory / "logs"
    logs.mkdir()
    (logs / SNAPSHOTS).touch()
    place.start()
    assert place.models("register", "m.mar", "--workers", "1").returncode == 0
    assert place.described("m")
    wait_until(lambda: "No snapshot can be written" in place.log, "the warning")


def test_torchserves_own_snapshot_loads(place):
    """As it wrote it: its models with their workers, under its settings."""
    pack(place.store / "m.mar", "m", ECHO)
    models = {"m": {"1.0": {"defaultVersion": True, "marName": "m.mar", "minWorkers": 2, "maxWorkers": 2, "batchSize": 4,
        "maxBatchDelay": 60, "responseTimeout": 30, "startupTimeout": 60, "runtimeType": "python"}}}  # fmt: skip
    text = json.dumps({"name": "s", "modelCount": 1, "created": 1, "models": models}, indent=2)
    line = text.replace("\n", "\\n").replace(":", "\\:")
    folder = place.directory / "logs" / SNAPSHOTS
    folder.mkdir(parents=True)
    lines = f"#Saving snapshot\n#Tue Nov 24 15\\:11\\:53 UTC 2026\n{place.settings.read_text()}model_snapshot={line}\n"
    (folder / "20261124151153181-shutdown.cfg").write_text(lines)
    place.start()
    (model,) = place.described("m")
    assert (model["minWorkers"], model["batchSize"], model["responseTimeout"]) == (2, 4, 30)


def test_settings_are_those_of_the_server_that_was(place):
    """Also those that were given as options; paths are whole, so that the next start may be made elsewhere."""
    place.start("--models", "all")
    place.stop()
    found = read(place.snapshots[-1].read_bytes())
    assert found["load_models"] == "all"
    assert found["model_store"] == str(place.store)
    assert MODEL_SNAPSHOT in found
