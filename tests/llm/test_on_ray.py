"""A language model whose worker runs on a node of a Ray cluster: it streams, and its tokens are counted, as from here."""

import time

import psutil
import pytest

from integration.server import Server, alive, wait_until
from llm.client import COMPLETIONS, COUNTED, ask_for, load
from llm.growth import TOKENS, resting
from llm.llm_server import ENVIRON, START_LIMIT_S, LlmServer
from llm.needed import needed
from llm.through_archive import NAME, SERVED, Archived, write_archive
from ray_cluster.cluster import head

needed("ray")
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}


@pytest.fixture
def settings(monkeypatch):
    """Of a server whose workers are on a cluster of its own, which has no GPU."""
    for name, value in RAY.items():
        monkeypatch.setenv(name, value)
    with head(environ=ENVIRON) as address:
        yield {"worker_backend": "ray", "ray_address": address}


@pytest.fixture
def on_ray(tmp_path, tiny, settings):
    """The model from an archive."""
    server = Server(tmp_path, settings)
    try:
        assert server.register(write_archive(server, NAME, tiny).name, synchronous="false").status_code == 202
        model = Archived(server)
        end = time.monotonic() + START_LIMIT_S
        while model.workers() != ["READY"]:
            assert time.monotonic() < end, server.console()[-4000:]
            time.sleep(0.2)
        yield model
    finally:
        server.end()


def test_it_streams(on_ray):
    """Piece by piece, to several at a time; with its model the engine ends."""
    server = on_ray.server
    assert server.metrics("servescope_worker_node_info", model_name=NAME) == 1.0
    (worker,) = server.manage("GET", f"/models/{NAME}").json()[0]["workers"]
    process = psutil.Process(worker["pid"])
    processes = [process, *process.children(recursive=True)]
    ask = ask_for(COMPLETIONS, model=SERVED, prompt="hello", max_tokens=24, ignore_eos=True, **COUNTED)
    answers = load(server.ports["inference"], [ask] * 6, clients=3).of("answered", 200)
    assert len(answers) == 6
    for answer in answers:
        assert answer.usage()["completion_tokens"] == 24
        assert len(set(answer.token_moments())) > 2, "it came in one piece"
    assert resting(on_ray).total(TOKENS, model_name=NAME, kind="generation") == 6 * 24
    assert server.manage("DELETE", f"/models/{NAME}").status_code == 200
    wait_until(lambda: not alive(processes), "the worker and its engine to end")


def test_the_command(tmp_path, tiny, settings):
    """`servescope llm` with a vLLM for processors asks for no GPU, which would be waited for in vain."""
    server = LlmServer(tmp_path, str(tiny), ("--ray", "{num_cpus: 2}"), settings)
    try:
        answer = server.post("/v1/completions", {"prompt": "hello", "max_tokens": 4, "ignore_eos": True})
        assert answer.status_code == 200, answer.text
        assert answer.json()["usage"]["completion_tokens"] == 4
        assert server.metrics("servescope_worker_node_info", model_name=server.deployed().name) == 1.0
    finally:
        server.end()
