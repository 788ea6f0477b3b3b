"""`servescope plan` on a live server: the edge, what it leaves behind, what it refuses."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.server import COMMAND, Server, pack, wait_until

pytestmark = pytest.mark.integration

SLEEPING = """
import time

def handle(data, context):
    if data is None:
        return None
    bodies = [bytes(row.get("body") or b"") for row in data]
    if b"bad" in bodies:
        raise ValueError("no")
    time.sleep(0.05)
    return ["ok"] * len(data)
"""


@pytest.fixture
def sleepy(launch: Callable[..., Server]) -> Iterator[Server]:
    """A server with a model that sleeps for 50 ms, of one worker."""
    server = launch()
    archive = pack(server.store / "sleepy.mar", "sleepy", SLEEPING, config="minWorkers: 1\nmaxWorkers: 3\n")
    assert server.register(archive).status_code == 200
    return server


def begun(server: Server, *words: str) -> "subprocess.Popen[str]":
    """The command, as it begins."""
    return subprocess.Popen(
        [*COMMAND, "plan", "sleepy", *words],
        cwd=server.directory,
        env=os.environ | {"TEMP": str(server.directory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: "subprocess.Popen[str]", word: str) -> None:
    """Wait until it says so on standard error."""
    assert process.stderr is not None
    assert any(word in line for line in process.stderr), f"it ended without {word!r}"


def planned(server: Server, *words: str) -> tuple[int, str, str]:
    """Status, standard output and standard error."""
    process = begun(server, *words)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def state(server: Server) -> tuple[object, ...]:
    """What a plan must leave as it was."""
    (model,) = server.manage("GET", "/models/sleepy").json()
    mode = (model.get("autoscale") or {}).get("mode")
    names = [one["modelName"] for one in server.manage("GET", "/models").json()["models"]]
    return model["minWorkers"], model["maxWorkers"], len(model["workers"]), mode, names


def test_a_plan_of_a_sleeping_model(sleepy: Server) -> None:
    """Two counts in under a minute: at most the ceiling, the worker is the limit, the model is as it was before."""
    before = state(sleepy)
    words = ["--slo", "p90=1s", "--rps", "100", "--budget", "60s", "--sweep", "1,2", "--json", "--html", "plan.html"]
    status, out, err = planned(sleepy, *words)
    assert status == 0, err
    plan = json.loads(out)
    assert 0 < plan["goodput_per_worker"] <= 20
    assert plan["workers"] == plan["machines"] * plan["workers_per_machine"]
    assert [point["workers"] for point in plan["points"]] == [1, 2]
    assert plan["limit"]["name"] in ("worker", "processor")
    assert (plan["version"], plan["of"]) == ("1.0", "latency")
    assert plan["autoscale"]["minWorkers"] == plan["workers_per_machine"]
    assert "climbing" in err
    assert (sleepy.directory / "plan.html").read_text("utf-8").count("<svg") == 2
    assert wait_until(lambda: state(sleepy) == before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_leaves_the_server_as_it_was(sleepy: Server, number: signal.Signals) -> None:
    """Also the autoscaler's mode, and the copy is gone."""
    assert sleepy.manage("PUT", "/models/sleepy", autoscale="advise", min_worker=1, max_worker=3).is_success
    before = state(sleepy)
    process = begun(sleepy, "--slo", "p90=250ms", "--rps", "100", "--shadow", "--sweep", "2")
    told(process, "climbing")
    assert len(state(sleepy)[-1]) == 2
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert wait_until(lambda: state(sleepy) == before)


@pytest.mark.parametrize("words", [["--shadow"], ["--sweep", "2", "--yes"]])
def test_what_a_killed_plan_left_the_next_puts_back(sleepy: Server, words: list[str]) -> None:
    """The copy, or the counts and the autoscaler's mode; and it says so. While it lived, another was refused."""
    assert sleepy.manage("PUT", "/models/sleepy", autoscale="advise", min_worker=1, max_worker=3).is_success
    before = state(sleepy)
    process = begun(sleepy, "--slo", "p90=1s", "--rps", "100", *words)
    told(process, "climbing")
    status, _, err = planned(sleepy, "--slo", "p90=1s", "--rps", "100", "--yes")
    assert status == 1
    assert "another plan of" in err
    process.kill()
    process.communicate()
    assert state(sleepy) != before
    # Whatever was in flight goes on, and the next plan has an objective that nothing keeps.
    status, _, err = planned(sleepy, "--slo", "p90=1ms", "--rps", "100", "--yes")
    assert status == 1
    assert "A plan of this server was killed: what it left is put back" in err
    assert wait_until(lambda: state(sleepy) == before)


def test_what_somebody_changed_after_a_killed_plan_stays(sleepy: Server) -> None:
    """A note is not the truth for ever."""
    process = begun(sleepy, "--slo", "p90=1s", "--rps", "100", "--sweep", "2", "--yes")
    told(process, "climbing")
    process.kill()
    process.communicate()
    assert sleepy.manage("PUT", "/models/sleepy", min_worker=1, max_worker=2, synchronous="true").is_success
    planned(sleepy, "--slo", "p90=1ms", "--rps", "100", "--yes")
    assert wait_until(lambda: state(sleepy)[:2] == (1, 2))


def test_a_model_with_traffic_is_left_alone(sleepy: Server) -> None:
    """Without --yes."""
    waiting = [
        sleepy.threads.submit(sleepy.http.post, sleepy.url("inference", "/predictions/sleepy")) for _ in range(200)
    ]
    status, out, err = planned(sleepy, "--slo", "p90=250ms", "--rps", "100")
    assert (status, out) == (1, "")
    assert "sleepy is in production" in err
    assert "--yes" in err
    assert all(one.result() for one in waiting)


def test_what_cannot_be_planned_says_so(sleepy: Server, tmp_path: Path) -> None:
    """A model that fails at every rate; an objective that nothing meets, with what comes nearest; a file that is not there."""
    (tmp_path / "bad").write_bytes(b"bad")
    asked = ["--rps", "10", "--yes", "--budget", "30s"]
    status, out, err = planned(sleepy, "--slo", "p90=250ms", "--payload", str(tmp_path / "bad"), *asked)
    assert (status, out) == (1, "")
    assert "sleepy fails at every rate: one request at a time, 5 × 503: Prediction failed" in err
    status, out, err = planned(sleepy, "--slo", "p90=20ms", *asked)
    assert status == 1
    assert "nothing keeps this objective" in out
    assert "with one request at a time" in out
    assert "slo:" not in out
    status, out, err = planned(sleepy, "--slo", "p90=20ms", "--payload", "absent", *asked)
    assert (status, out) == (1, "")
    assert "--payload 'absent' cannot be read" in err


def test_batch_sizes_are_tried_on_copies(sleepy: Server) -> None:
    """A batch of four sleeps as long as one: it is the better, and the model keeps its own."""
    before = state(sleepy)
    words = ["--slo", "p90=1s", "--rps", "100", "--budget", "60s", "--shadow", "--sweep", "batch=1,4", "--json"]
    status, out, err = planned(sleepy, *words)
    assert status == 0, err
    plan = json.loads(out)
    assert (plan["batch_size"], plan["autoscale"]["batchSize"]) == (4, 4)
    assert [one["size"] for one in plan["batches"]] == [1, 4]
    assert sleepy.manage("GET", "/models/sleepy").json()[0]["batchSize"] == 1
    assert wait_until(lambda: state(sleepy) == before)


NEIGHBOUR = """
import pathlib, time

def handle(data, context):
    if data is None:
        return None
    if pathlib.Path({harm!r}).exists():
        time.sleep(0.1)
    return ["ok"] * len(data)
"""

HARMFUL = """
import pathlib

def handle(data, context):
    if data is not None and "-plan-" in context.model_name:
        pathlib.Path({harm!r}).touch()
    return None if data is None else ["ok"] * len(data)
"""


def test_a_copy_that_harms_a_neighbour_is_taken_away(launch: Callable[..., Server], tmp_path: Path) -> None:
    """The plan ends with the neighbour's name and both times; the copy is gone, and the neighbour is as it was."""
    server, harm, over = launch(), tmp_path / "harm", threading.Event()
    for name, text in (("neighbour", NEIGHBOUR), ("sleepy", HARMFUL)):
        archive = pack(server.store / f"{name}.mar", name, text.format(harm=str(harm)), config="minWorkers: 1\n")
        assert server.register(archive).status_code == 200

    def ask() -> int:
        count = 0
        while not over.is_set():
            count += server.http.post(server.url("inference", "/predictions/neighbour")).is_success
        return count

    clients = [server.threads.submit(ask) for _ in range(4)]
    try:
        status, out, err = planned(server, "--slo", "p90=250ms", "--rps", "1", "--shadow", "--yes", "--budget", "120s")
    finally:
        over.set()
    assert (status, out) == (1, "")
    assert "of neighbour, p99 rose from" in err
    assert all(one.result() for one in clients)
    assert {one["modelName"] for one in server.manage("GET", "/models").json()["models"]} == {"neighbour", "sleepy"}


WARMING = """
import os, pathlib, time

def handle(data, context):
    if data is None:
        return None
    mark = pathlib.Path({notes!r}, str(os.getpid()))
    if not mark.exists():
        mark.touch()
        time.sleep(4)
    return ["ok"] * len(data)
"""


def test_what_a_handler_does_at_first_is_no_part_of_the_plan(launch: Callable[..., Server]) -> None:
    """Each worker is asked before the loads, as long as its first request may take; the objective is shorter than that."""
    server = launch()
    archive = pack(
        server.store / "sleepy.mar", "sleepy", WARMING.format(notes=str(server.notes)), config="minWorkers: 1\n"
    )
    assert server.register(archive).status_code == 200
    words = ["--slo", "p90=1s", "--rps", "1", "--budget", "30s", "--sweep", "2"]
    process = begun(server, *words)
    told(process, "climbing")
    assert len(list(server.notes.iterdir())) == 2
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_a_server_that_measures_nothing_is_no_server_to_plan(launch: Callable[..., Server]) -> None:
    """With metrics_mode=off nothing would be known of the limit, nor whether the model is in production."""
    server = launch(metrics_mode="off")
    assert server.register(pack(server.store / "sleepy.mar", "sleepy", SLEEPING)).status_code == 200
    status, out, err = planned(server, "--slo", "p90=1s", "--rps", "1")
    assert (status, out) == (1, "")
    assert "says nothing of sleepy 1.0" in err
