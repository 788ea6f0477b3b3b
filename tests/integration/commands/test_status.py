"""`servescope status` of servers in trouble: the states that /metrics has, restarts, errors, what is missing; and its status."""

import json
import os
import signal
import time

import httpx
import pytest

from integration.detached import GATED_LOAD, NOOP, make_site
from integration.server import PATIENCE_S, pack, wait_until

pytestmark = pytest.mark.integration

BROKEN = "import nosuchmodule\n"
HANGS = "import time\n\ndef handle(data, context):\n    data and time.sleep(600)\n    return data and ['x']\n"
START = ("start", "--detach", "--wait", "0", "--ncs", "--dt", "--enable-model-api")


@pytest.fixture
def at(tmp_path):
    """Make a site and start its server; what a test has started there is stopped."""
    sites = []

    def make(models, load_models, **settings):
        sites.append(make_site(tmp_path, models, load_models, **settings))
        for name in models:
            if name == "given":
                pack(tmp_path / "store" / "given.mar", "given", BROKEN, config="maxRetryTimeoutInSec: 1\n")
        sites[-1].good(*START)
        return sites[-1]

    yield make
    for site in sites:
        site.end()


def status(site, code):
    """Its JSON, with this exit status, by either way."""
    result = site.run("status", "--json")
    assert result.returncode == code, result.stdout + result.stderr
    return json.loads(result.stdout)


def states(site, code):
    """The states of all workers, by model."""
    return {one["modelName"]: [each["state"] for each in one["workers"]] for one in status(site, code)["models"]}


@pytest.mark.parametrize("metrics", ["true", "false"])
def test_each_state_by_its_name(at, tmp_path, metrics):
    """Loading, crash-looping, given up, hung and well are five things; also where nobody can read /metrics."""
    models = {"loading": GATED_LOAD.format(go=str(tmp_path / "go")), "crashing": BROKEN, "given": BROKEN}
    site = at(models | {"hung": HANGS, "good": NOOP}, "all", enable_metrics_api=metrics)
    wait_until(lambda: states(site, 1)["hung"] == ["ready"], "its model")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{site.inference}/predictions/hung", content=b"x", timeout=2)
    expected = {
        "loading": ["starting"], "crashing": ["failed"], "given": ["given_up"], "hung": ["busy"], "good": ["ready"],
    }  # fmt: skip
    wait_until(lambda: states(site, 1) == expected, str(expected))
    found = status(site, 1)
    assert (found["ready"], found["server"]["ready"], found["requests"] is None) == (False, False, metrics == "false")
    told = {one["modelName"]: one["readiness"] for one in found["models"]}
    assert {name: one["standing"] for name, one in told.items()} == {
        "loading": "loading", "crashing": "failed", "given": "given_up", "hung": "ready", "good": "ready",
    }  # fmt: skip
    assert told["crashing"]["why"] == "ModuleNotFoundError: No module named 'nosuchmodule'"
    assert told["crashing"]["restarts"]["load_error"] >= 1
    (hung,) = next(one["workers"] for one in found["models"] if one["modelName"] == "hung")
    assert hung["busy_s"] > 0
    result = site.run("status")
    assert result.returncode == 1
    for part in ("Not ready: process", "starting", "failed", "given up", "busy for ", "load_error", "nosuchmodule"):
        assert part in result.stdout
    assert "UNLOADING" not in result.stdout
    assert "UNLOADING" not in site.good("models", "describe", "loading")


def test_what_is_missing(at):
    """By name, with the reason; 1 until it is made good."""
    site = at({"good": NOOP}, "nosuch.mar,good.mar")
    found = status(site, 1)
    assert found["missing"] == [{"name": "nosuch", "reason": "not_found", "error": "Model not found at: nosuch.mar"}]
    result = site.run("status")
    assert result.returncode == 1
    for part in ("Missing", "nosuch", "not_found", "Model not found at: nosuch.mar"):
        assert part in result.stdout
    pack(site.directory / "store" / "nosuch.mar", "nosuch", NOOP)
    site.good("models", "register", "nosuch.mar", "--workers", "1")
    wait_until(lambda: site.run("status").returncode == 0)
    assert status(site, 0)["missing"] == []


def test_a_restart_is_told_after_it_is_over(at):
    """By its reason, with what ended the worker; the exit status is that of now."""
    site = at({"good": NOOP}, "good.mar")
    wait_until(lambda: site.run("status").returncode == 0)
    (worker,) = status(site, 0)["models"][0]["workers"]
    os.kill(worker["pid"], signal.SIGKILL)
    end = time.monotonic() + PATIENCE_S
    while not (readiness := json.loads(site.run("status", "--json").stdout)["models"][0]["readiness"])["restarts"]:
        assert time.monotonic() < end
    assert (readiness["restarts"], readiness["why"]) == ({"signal": 1}, "killed by SIGKILL")
    wait_until(lambda: site.run("status").returncode == 0)
    text = site.good("status")
    assert "1 signal" in text
    assert "killed by SIGKILL" in text


def test_later_registrations_count_for_status(at):
    """The server is ready, and not all is: exit status 1; a model without workers by intent is no fault."""
    site = at({"good": NOOP, "bad": BROKEN}, "good.mar")
    site.good("models", "register", "good.mar", "--name", "idle", "--workers", "0")
    wait_until(lambda: site.run("status").returncode == 0)
    site.good("models", "register", "bad.mar", "--workers", "1", "--no-wait")
    wait_until(lambda: site.run("status").returncode == 1)
    found = status(site, 1)
    assert (found["ready"], found["server"]["ready"]) == (False, True)
    assert "Ready, but for bad 1.0: process" in site.run("status").stdout


def test_no_counts_where_there_are_none(at):
    """In the log mode the page has no counters: that is said, and not that there were no requests."""
    site = at({"good": NOOP}, "good.mar", metrics_mode="log")
    wait_until(lambda: site.run("status").returncode == 0)
    assert status(site, 0)["requests"] is None
    assert "No request counts" in site.good("status")
