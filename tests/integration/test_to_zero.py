"""To zero and back in a running server: asleep it is ready everywhere, a request wakes it, and no request is lost on the way."""

import json
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from integration.detached import make_site
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

# Notes each request as it begins on it, and streams where it is told to; it takes as long to load as a note says.
NOTING = """
import os, pathlib, time
from ts.handler_utils.utils import send_intermediate_predict_response

class Handler:
    def initialize(self, context):
        self.notes = pathlib.Path(os.environ["NOTES"]) / context.manifest["model"]["modelName"]
        while (self.notes / "hold").exists():
            time.sleep(0.01)
        if (self.notes / "broken").exists():
            raise ValueError("no weights")

    def handle(self, data, context):
        if context.get_request_header(0, "describe"):
            return [{"what": "noting"}]
        name = data[0]["body"].decode()
        with open(self.notes / "runs", "a") as runs:
            runs.write(name + "\\n")
        if name.startswith("stream"):
            for _ in range(int(name.split("-")[1])):
                send_intermediate_predict_response([name], context.request_ids, "ok", 200, context)
                time.sleep(0.1)
        return [name]
"""
SLEEPY = "minWorkers: %d\nmaxWorkers: 2\n%sautoscale: {mode: act, scaleToZeroAfterSec: %d}\n"
PROBES = ("/ping", "/readyz", "/v1/models/%s", "/readyz?model=%s")


def config(least=1, after_s=1, more="") -> str:
    return SLEEPY % (least, more, after_s)


def asleep(model) -> bool:
    return bool(model.describe().get("asleep"))


def state(server, model, name) -> float | None:
    return server.metrics("servescope_workers", model_name=model.name, state=name)


def test_asleep_it_is_ready_and_a_request_wakes_it(deploy, server):
    """Whoever looks finds it ready; describing it does not wake it; the one who asks waits and is answered."""
    model = deploy(NOTING, config())
    probes = [path.replace("%s", model.name) for path in PROBES]
    (model.notes / "hold").touch()
    wait_until(lambda: asleep(model) and not model.describe()["workers"])
    described = server.manage("GET", f"/models/{model.name}", customized="true")
    told = described.json()[0]
    assert (described.status_code, told["workers"], told["asleep"]) == (200, [], True)
    assert ("customizedMetadata" in told, told["autoscale"]["applied"], told["minWorkers"]) == (False, 0, 1)
    assert (state(server, model, "asleep"), state(server, model, "ready")) == (1, 0)
    for path in probes:
        answer = server.http.get(server.url("inference", path))
        assert (answer.status_code, "false" in answer.text) == (200, False), path
    line = server.http.get(server.url("inference", f"/readyz?verbose&model={model.name}")).text
    assert f"{model.name} 1.0: asleep, a request wakes it" in line
    assert asleep(model)

    answers = [model.send(name) for name in ("a", "b")]
    wait_until(lambda: state(server, model, "waking") == 1)
    for path in probes:
        assert server.http.get(server.url("inference", path)).status_code == 200, path
    assert f"{model.name} 1.0: waking" in server.http.get(server.url("inference", "/readyz?verbose")).text
    (model.notes / "hold").unlink()
    assert [(one.result().status_code, one.result().text) for one in answers] == [(200, "a"), (200, "b")]
    wait_until(lambda: any(one["reason"] == "woken" for one in model.describe()["autoscale"]["decisions"]))
    assert f"Model {model.name} version 1.0 wakes: a request came" in server.console()
    wait_until(lambda: asleep(model))


def test_open_inference_says_ready(launch):
    """/v2/health/ready and /v2/models/{m}/ready, where they are on; and a model that begins asleep is no missing one."""
    server = launch(ts_open_inference_protocol="true")
    pack(server.store / "zero.mar", "zero", NOTING, config=config(0, 1))
    registered = server.register("zero.mar")
    assert registered.json()["status"].endswith("registered with 0 initial workers. It is asleep: a request wakes it.")
    (server.notes / "zero").mkdir()
    for path in ("/v2/health/ready", "/v2/models/zero/ready", "/v1/models/zero", "/ping"):
        assert server.http.get(server.url("inference", path)).status_code == 200, path
    assert server.http.get(server.url("management", "/v1/models/zero")).json() == {"name": "zero", "ready": True}
    assert server.http.post(server.url("inference", "/v2/models/zero/infer"), content=b"x").text == "x"


def test_streams_keep_it_awake(deploy):
    """For as long as they last, which is longer than it would take it to fall asleep."""
    model = deploy(NOTING, config())
    answer = model.send("stream-30")
    wait_until((model.notes / "runs").exists)
    while not answer.done():
        assert not asleep(model)
        time.sleep(0.05)
    assert answer.result().text == "stream-30" * 31
    wait_until(lambda: asleep(model))


def test_a_load_that_takes_too_long(deploy):
    """503 with the time a load takes; the worker starts all the same, and answers who comes again."""
    model = deploy(NOTING, config(0, 60, "clientTimeoutInMills: 20000\nstartupTimeout: 90\n"))
    (model.notes / "hold").touch()
    answer = model.predict("a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "90")
    assert f'Model "{model.name}" was asleep and is loading, which takes about 90 s more' in answer.json()["message"]
    wait_until(lambda: state(model.server, model, "waking") == 1)
    (model.notes / "hold").unlink()
    wait_until(model.pids)
    assert model.predict("b").text == "b"
    labels = {"model_name": model.name, "reason": "asleep"}
    assert model.server.metrics("servescope_rejected_total", **labels) == 1


def test_one_that_does_not_load(deploy, server):
    """Who waits is told why, with a time to come again; it is not ready until it loads."""
    model = deploy(NOTING, config())
    wait_until(lambda: asleep(model))
    (model.notes / "broken").touch()
    answer = model.predict("a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["message"] == f'Model "{model.name}" was asleep and does not load: ValueError: no weights'
    readiness = server.url("inference", f"/readyz?model={model.name}")
    assert server.http.get(readiness).status_code == 503
    (model.notes / "broken").unlink()
    wait_until(lambda: server.http.get(readiness).status_code == 200)
    assert model.predict("b").text == "b"


def test_none_by_somebodys_will(deploy, server):
    """PUT min_worker=0: TorchServe's 503 at once, and nobody is woken."""
    model = deploy(NOTING, config(after_s=60))
    assert server.manage("PUT", f"/models/{model.name}", min_worker=0, synchronous="true").status_code == 200
    answer = model.predict("a")
    assert (answer.status_code, "Please use scale workers API" in answer.text) == (503, True)
    assert (model.describe()["workers"], asleep(model)) == ([], False)


def test_unregistered_while_it_wakes(deploy):
    """Who waits is answered first."""
    model = deploy(NOTING, config())
    wait_until(lambda: asleep(model))
    (model.notes / "hold").touch()
    answer = model.send("a")
    wait_until(lambda: state(model.server, model, "waking"))
    gone = model.delete()
    (model.notes / "hold").unlink()
    assert (answer.result().text, gone.result().status_code) == ("a", 200)


def test_the_server_stops_while_a_model_wakes(launch):
    """SIGTERM: who waits is answered, and the process ends with 0."""
    server = launch()
    pack(server.store / "zero.mar", "zero", NOTING, config=config(0, 1))
    notes = server.notes / "zero"
    notes.mkdir()
    (notes / "hold").touch()
    server.register("zero.mar")
    url = server.url("inference", "/predictions/zero")
    answer = server.threads.submit(httpx.post, url, content=b"a", timeout=60)
    wait_until(lambda: server.metrics("servescope_workers", model_name="zero", state="waking"))
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "Stopping:" in server.console())
    (notes / "hold").unlink()
    assert (answer.result().status_code, answer.result().text) == (200, "a")
    assert server.process.wait(30) == 0


def test_the_race_between_falling_asleep_and_arriving(deploy):
    """Again and again as it falls asleep, from several clients: each request is begun on once, and answered once with its own."""
    model = deploy(NOTING, config())
    chance, answers, slept = random.Random(7), {}, 0

    def client(number: int) -> None:
        for part in range(6):
            # Around the second after which it sleeps, seen from the loop's looks, once a second.
            time.sleep(chance.uniform(0.9, 2.2))
            name = f"r{number}-{part}"
            answers[name] = model.predict(name)

    def alone() -> None:
        nonlocal slept
        for number in range(6):
            wait_until(lambda: asleep(model))
            slept += 1
            with ThreadPoolExecutor(8) as burst:
                names = [f"b{number}-{part}" for part in range(8)]
                answers.update(zip(names, burst.map(model.predict, names), strict=True))

    alone()
    clients = [threading.Thread(target=client, args=(number,)) for number in range(2)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert {name: (answer.status_code, answer.text) for name, answer in answers.items()} == {
        name: (200, name) for name in answers
    }
    assert Counter(model.runs()) == Counter(dict.fromkeys(answers, 1))
    assert (slept, len(answers)) == (6, 60)


def test_status_and_detach(tmp_path):
    """`start --detach` counts it as there; `status` says asleep, exits with 0, and does not wake it."""
    site = make_site(tmp_path, {}, "all")
    try:
        pack(tmp_path / "store" / "zero.mar", "zero", NOTING, config=config(0, 1))
        started = site.good("start", "--detach", "--ncs", "--dt")
        assert "zero 1.0: asleep" in started
        found = json.loads(site.good("status", "--json"))
        assert (found["ready"], found["models"][0]["readiness"]["standing"], found["missing"]) == (True, "asleep", [])
        assert "asleep" in site.good("status")
        described = site.good("models", "describe", "zero")
        assert "asleep" in described
    finally:
        site.end()
