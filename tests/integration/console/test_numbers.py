"""What the console shows of a model in trouble is what /metrics says: while requests wait, and after each way to fail."""

import os
import signal

import pytest

from integration.console.test_overview import card_of, document
from integration.scrape import read
from integration.server import hang_up, wait_until

pytestmark = pytest.mark.integration


def shown(server, name):
    """Ten figures as the console has them."""
    card, page = card_of(server, name), document(server, f"models/{name}")
    return {
        "requests": card["counts"]["by_code"],
        "answered": card["counts"]["duration_count"],
        "seconds": card["counts"]["duration_sum"],
        "depth": card["queue"]["depth"],
        "capacity": card["queue"]["capacity"],
        "under way": card["in_flight"],
        "workers": {state: number for state, number in card["workers"]["states"].items() if number},
        "promised": {one["slo"]: one["requests_total"] for one in card["objectives"] if one["requests_total"]},
        "refused": {one["reason"]: one["total"] for one in page["refusals"] if one["total"]},
        "restarts": {one["reason"]: one["total"] for one in page["restarts"] if one["total"]},
    }


def scraped(server, name):
    """The same as a scrape has them."""
    now, model = read(server), {"model_name": name}
    return {
        "requests": now.by("code", "servescope_requests_total", **model),
        "answered": now.value("servescope_request_duration_seconds_count", outcome="ok", **model),
        "seconds": now.value("servescope_request_duration_seconds_sum", outcome="ok", **model),
        "depth": now.value("servescope_queue_depth", **model),
        "capacity": now.value("servescope_queue_capacity", **model),
        "under way": now.value("servescope_requests_in_flight", **model),
        "workers": now.by("state", "servescope_workers", **model),
        "promised": now.by("slo", "servescope_slo_requests_total", **model),
        "refused": now.by("reason", "servescope_rejected_total", **model),
        "restarts": now.by("reason", "servescope_worker_restarts_total", **model),
    }


def counted(server, name, codes):
    """Until so many requests have ended so; then all figures agree, and stand in the history and among the failures too."""
    wait_until(lambda: shown(server, name)["requests"] == codes, f"{codes} to be counted")
    assert shown(server, name) == scraped(server, name)
    wait_until(lambda: remembered(server, name) == sum(codes.values()), "the step with the last of them")
    failures = [one["code"] for one in document(server, f"models/{name}/failures")["failures"]]
    assert {code: failures.count(int(code)) for code in codes if code != "200"} == {
        code: number for code, number in codes.items() if code != "200"
    }


def remembered(server, name):
    past = document(server, f"models/{name}/history")
    return round(sum(rate * past["step_s"] for rate in past["rate"] if rate is not None))


def test_a_full_queue_a_client_that_leaves_and_a_worker_that_dies(server, deploy):
    """One request at a worker, one that waits, one that is refused; then the one leaves, and the other's worker is killed."""
    model = deploy(config="jobQueueSize: 1\nslo:\n  availability_target: 99\n")
    held = model.hold()
    waiting = hang_up(server.ports["inference"], model.path, b"left")
    wait_until(lambda: shown(server, model.name)["depth"] == 1)
    assert model.predict("refused").status_code == 503
    wait_until(lambda: shown(server, model.name)["requests"] == {"503": 1})
    assert shown(server, model.name) == scraped(server, model.name)
    assert shown(server, model.name)["under way"] == 2
    waiting.close()
    wait_until(lambda: shown(server, model.name)["depth"] == 0)
    os.kill(model.pids()[0], signal.SIGKILL)
    assert held.result().status_code == 507
    wait_until(model.pids, "the next worker")
    assert model.predict("a").status_code == 200
    counted(server, model.name, {"200": 1, "499": 1, "503": 1, "507": 1})


def test_a_deadline(server, deploy):
    """The client is told 408, and the request is said to have failed so."""
    model = deploy(config="clientTimeoutInMills: 100\n")
    assert model.predict("gate").status_code == 408
    model.open()
    wait_until(lambda: shown(server, model.name)["workers"] == {"ready": 1})
    counted(server, model.name, {"408": 1})
