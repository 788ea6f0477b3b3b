"""The autoscaler in a running server: it follows the load, it advises, it is switched, and nobody's request is lost by it."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from integration.deployed import Deployed
from integration.server import wait_until

pytestmark = pytest.mark.integration

# Streams two pieces, a tenth of a second apart; notes each request as it begins on it.
SLEEPING = """
import os, pathlib, time
from ts.handler_utils.utils import send_intermediate_predict_response

NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        return None
    name = data[0]["body"].decode()
    with open(NOTES / context.model_name / "runs", "a") as runs:
        runs.write(name + "\\n")
    if name.startswith("stream"):
        send_intermediate_predict_response([name], context.request_ids, "ok", 200, context)
    time.sleep(0.1)
    return [" end" if name.startswith("stream") else name + " end"]
"""
# The same decisions as with the defaults, sooner.
SOON = "window_s: 8, panic_s: 3, longest_hold_s: 4, lookback_s: 4"
MOST = 5
CONFIG = f"minWorkers: 1\nmaxWorkers: {MOST}\nslo: {{latency_ms: 500}}\njobQueueSize: 1000\nautoscale: {{mode: %s, {SOON}}}\n"
LOADS_ONCE = """
import os, pathlib, time

NOTES = pathlib.Path(os.environ["NOTES"])

class Handler:
    def initialize(self, context):
        try:
            (NOTES / context.manifest["model"]["modelName"] / "loaded").touch(exist_ok=False)
        except FileExistsError:
            raise ValueError("not a second time")

    def handle(self, data, context):
        time.sleep(0.2)
        return ["ok"] * len(data)
"""


class Clients:
    """Ask at a rate, whether answers come or not; every other request is answered in pieces."""

    def __init__(self, model: Deployed) -> None:
        self._model = model
        self._sent: list[tuple[str, Future]] = []

    def ask(self, rate: float, until: Callable[[int], object]) -> None:
        """So many requests a second, until `until` is true of how many these were."""
        due, count = time.monotonic(), 0
        while not until(count):
            name = f"{'stream' if len(self._sent) % 2 else 'whole'}-{len(self._sent)}"
            self._sent.append((name, self._model.send(name)))
            count += 1
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))

    def lost(self) -> list[str]:
        """Those that were answered otherwise than they should be."""
        answers = [(name, answer.result()) for name, answer in self._sent]
        return [name for name, answer in answers if (answer.status_code, answer.text) != (200, f"{name} end")]


def autoscale(model: Deployed) -> dict:
    return model.describe()["autoscale"]


def put(model: Deployed, **query: object) -> str:
    answer = model.server.manage("PUT", f"/models/{model.name}", **query)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()["status"]


def started_twice(model: Deployed) -> list[str]:
    return [name for name, times in Counter(model.runs()).items() if times > 1]


def patient(condition: Callable[[], object], seconds: float = 60.0) -> Callable[[int], bool]:
    """For `Clients.ask`: until it holds; it must, in time."""
    end = time.monotonic() + seconds

    def until(_count: int) -> bool:
        assert time.monotonic() < end, f"waited {seconds:g} s for {condition}"
        return bool(condition())

    return until


def test_act_follows_a_step(deploy, server):
    """1 → 30 → 1 requests a second: several workers, and back to one; none fails, none is started twice, and all is told."""
    model = deploy(SLEEPING, CONFIG % "act")
    clients = Clients(model)
    clients.ask(1, lambda count: count == 5)
    assert autoscale(model)["applied"] == 1
    clients.ask(30, patient(lambda: len(model.pids()) >= 4))
    clients.ask(1, patient(lambda: autoscale(model)["applied"] == 1, 90))
    assert (clients.lost(), started_twice(model)) == ([], [])
    told = autoscale(model)
    assert list(told) == ["mode", "desired", "applied", "signals", "decisions"]
    assert {"up", "down"} <= {decision["direction"] for decision in told["decisions"]}
    assert all(1 <= decision["to"] <= MOST for decision in told["decisions"])
    labels = {"model_name": model.name}
    assert server.metrics("servescope_autoscaler_applied_workers", **labels) == 1
    assert server.metrics("servescope_autoscaler_mode", **labels, mode="act") == 1
    assert server.metrics("servescope_autoscaler_decisions_total", **labels, direction="up") >= 1
    assert server.metrics("servescope_autoscaler_signal", **labels, signal="latency_slo") is not None
    assert server.metrics("servescope_autoscaler_input_age_seconds", **labels) == 0
    assert f"Autoscaler (act): model {model.name} version 1.0: up from 1 to 2: " in server.console()


def test_advise_touches_nothing_and_is_switched(deploy, server):
    """It decides, records and logs; `act` does it; `off` goes back to minWorkers, and says no more."""
    model = deploy(SLEEPING, CONFIG % "advise")
    clients = Clients(model)
    clients.ask(30, patient(lambda: (autoscale(model)["desired"] or 0) >= 3))
    assert (len(model.describe()["workers"]), autoscale(model)["applied"]) == (1, 1)
    assert any(decision["direction"] == "up" for decision in autoscale(model)["decisions"])
    assert f"Autoscaler (advise): model {model.name} version 1.0: up from 1 to 2: " in server.console()
    assert put(model, autoscale="act") == f"Autoscaling of model {model.name} version 1.0 is act now"
    clients.ask(30, patient(lambda: autoscale(model)["applied"] >= 2))
    put(model, autoscale="off")
    wait_until(lambda: len(model.describe()["workers"]) == 1)
    assert "autoscale" not in model.describe()
    assert (clients.lost(), started_twice(model)) == ([], [])
    wait_until(lambda: server.metrics("servescope_autoscaler_mode", model_name=model.name, mode="off") == 1)
    assert server.metrics("servescope_autoscaler_desired_workers", model_name=model.name) is None


def test_a_floor_that_is_moved(deploy, server):
    """PUT min_worker alone: the floor, and the maximum only where it must; the count is held, which the log says."""
    model = deploy(SLEEPING, CONFIG % "act")
    put(model, min_worker=2, synchronous="true")
    described = model.describe()
    assert (described["minWorkers"], described["maxWorkers"], len(described["workers"])) == (2, MOST, 2)
    held = f"Autoscaler (act): model {model.name} version 1.0: somebody asked for 2 to {MOST} workers: its 2 are held"
    wait_until(lambda: held in server.console())
    put(model, min_worker=2, max_worker=2)
    described = model.describe()
    assert (described["minWorkers"], described["maxWorkers"]) == (2, 2)
    put(model, min_worker=MOST + 1, max_worker=MOST + 1, autoscale="off", synchronous="true")
    assert len(model.pids()) == MOST + 1


@pytest.mark.parametrize("mode", ["off", "act"])
def test_scaling_down_under_load_loses_nothing(deploy, mode):
    """By hand, up and down again and again, with streams under way."""
    model = deploy(SLEEPING, CONFIG % mode)
    enough = threading.Event()
    clients = Clients(model)
    asking = threading.Thread(target=clients.ask, args=(20, lambda _: enough.is_set()))
    asking.start()
    try:
        for count in (3, 1, 2, 1):
            put(model, min_worker=count, max_worker=count, synchronous="true")
            assert len(model.pids()) == count
    finally:
        enough.set()
        asking.join()
    assert (clients.lost(), started_twice(model)) == ([], [])


def test_a_model_that_does_not_load(deploy, server):
    """No more are started than a step over what works, again and again more seldom, and it says so."""
    model = deploy(LOADS_ONCE, CONFIG % "act")
    asked = [model.send("x") for _ in range(40)]
    wait_until(lambda: any(decision["reason"] == "failed_starts" for decision in autoscale(model)["decisions"]))
    assert autoscale(model)["applied"] <= 2
    assert re.search(r"; (the last start|\d+ starts in a row) failed", server.console())
    assert {answer.result().status_code for answer in asked} == {200}


def test_a_mode_that_there_is_not(deploy):
    """400 with the parameter and its value; nothing changes."""
    model = deploy(initial_workers=0)
    answer = model.server.manage("PUT", f"/models/{model.name}", autoscale="on")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "Parameter autoscale is none of off, advise, act: 'on'",
    )
    assert "autoscale" not in model.describe()
    deploy("def handle(data, context):\n    return data\n", "autoscale: {mode: act, windows: 5}\n", expect=400)
