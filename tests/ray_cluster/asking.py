"""Asks a server for what its models on Ray say of themselves, and for their processes."""

import psutil

from integration.remote.rig import HANDLER
from integration.server import pack
from ray_cluster.cluster import patiently


def predict(server, body, model="told"):
    return server.http.post(server.url("inference", f"/predictions/{model}"), content=body)


def told(server, code, model="told"):
    """What some code in the handler comes to."""
    answer = predict(server, b"do " + code.encode(), model)
    assert answer.status_code == 200, answer.text
    return answer.text


def fails_for(server, text):
    """The model on Ray fails for this; one here serves."""
    pack(server.store / "here.mar", "here", HANDLER, config="backend: process\n")
    assert server.register("told.mar", synchronous="false").status_code == 202
    patiently(lambda: text in server.console(), text)
    assert server.register("here.mar").status_code == 200
    assert predict(server, b"x", "here").text == "x"


def processes_of(server):
    """Of a worker of `told`: its own, its actor's, and a child's of its handler."""
    child = int(told(server, "answer = subprocess.Popen(['sleep', '600']).pid"))
    worker, actor = map(int, told(server, "answer = f'{os.getpid()} {os.getppid()}'").split())
    return [psutil.Process(pid) for pid in (worker, actor, child)]


def driver_of(server):
    return next(found for found in server.family() if "servescope.fleet.backends.ray.driver" in found.cmdline())
