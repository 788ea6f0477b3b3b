"""A language model sleeps and is woken: its engine ends and begins anew, its name stays, and whoever asks waits for it."""

import pytest

from integration.server import wait_until
from llm.llm_server import START_LIMIT_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TOKENS = "servescope_llm_tokens_total"


def asleep(model) -> bool:
    return bool(model.describe().get("asleep")) and not model.describe()["workers"]


def test_it_sleeps_and_is_woken(start_llm):
    """A stream keeps it awake; asleep it is listed, ready and healthy; a request starts its engine, and is answered."""
    server = start_llm(autoscale_mode="act", autoscale_scaleToZeroAfterSec="3")
    model = server.deployed()
    body = {"model": model.name, "prompt": "one two", "max_tokens": 8, "ignore_eos": True}
    try:
        wait_until(lambda: asleep(model))
        listed = server.http.get(server.url("inference", "/v1/models")).json()["data"]
        assert model.name in [card["id"] for card in listed]
        assert server.http.get(server.url("inference", f"/v1/models/{model.name}")).json()["ready"] is True
        for path in ("/ping", "/readyz"):
            assert server.http.get(server.url("inference", path)).status_code == 200
        answer = server.http.post(server.url("inference", "/v1/completions"), json=body, timeout=START_LIMIT_S)
        assert (answer.status_code, answer.json()["usage"]["completion_tokens"]) == (200, 8), answer.text
        assert server.metrics(TOKENS, kind="generation") == 8
        assert f"Model {model.name} version 1.0 wakes: a request came" in server.console()
        wait_until(lambda: asleep(model))
        answer = server.http.post(
            server.url("inference", "/v1/completions"), json=body | {"stream": True}, timeout=START_LIMIT_S
        )
        assert answer.text.rstrip().endswith("data: [DONE]")
        assert server.metrics(TOKENS, kind="generation") == 16
        assert server.metrics("servescope_worker_restarts_total", reason="exit") == 0
    finally:
        server.end()
