"""`start --detach` against real servers: it waits for the models, says what becomes of each, and how it ended."""

import re
import signal

import pytest
from cryptography.x509 import DNSName

from certificates import self_signed
from integration.detached import GATED_LOAD, NOOP, make_site
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

BROKEN = "import nosuchmodule\n"
START = ("start", "--detach", "--ncs", "--dt")
# Fails twice, and then loads.
LATE = """
import pathlib

def handle(data, context):
    if data is None:
        with open({tries!r}, "a") as tries:
            tries.write("x")
        if len(pathlib.Path({tries!r}).read_text()) < 3:
            raise ValueError("not yet")
    return data and ["up"] * len(data)
"""


@pytest.fixture
def at(tmp_path):
    """Make a site; what a test has started there is stopped."""
    sites = []

    def make(models, load_models, **settings):
        sites.append(make_site(tmp_path, models, load_models, **settings))
        return sites[-1]

    yield make
    for site in sites:
        site.end()


def lines(text):
    """What was said of models."""
    return [line.strip() for line in text.splitlines() if re.match(r"  [\w. ]+: ", line)]


def test_all_are_ready(at):
    """Status 0, a line when each is there, before it one that it began unless it was there sooner than anybody looked,
    and at once a server that answers.
    """
    site = at({"a": NOOP, "b": NOOP}, "a.mar,b.mar")
    said = site.good(*START)
    for name in "ab":
        of_it = [re.sub(r"\d+ s", "N s", line) for line in lines(said) if line.startswith(name)]
        assert of_it[-1:] == [f"{name} 1.0: ready after N s"]
        assert of_it[:-1] in ([], [f"{name}: loading"])
    assert f"process {site.pid()}" in said
    assert re.search(r"^Ready after \d+ s\. `servescope status`", said, re.MULTILINE)
    assert site.get("inference", "/readyz").status_code == 200


def test_what_fails_is_said_and_the_server_goes_on(at):
    """Status 1 with each reason, once the good ones are there; how to look and how to stop is said."""
    site = at({"good": NOOP, "bad": BROKEN}, "nosuch.mar,good.mar,bad.mar")
    result = site.run(*START)
    assert result.returncode == 1
    assert "nosuch: failed: Model not found at: nosuch.mar" in lines(result.stdout)
    bad = "bad 1.0: failed: ModuleNotFoundError: No module named 'nosuchmodule' (it is tried again)"
    assert lines(result.stdout).count(bad) == 1
    assert any(line.startswith("good 1.0: ready after") for line in lines(result.stdout))
    first, last = result.stderr.splitlines()
    assert first.startswith("servescope: not ready after ")
    assert "nosuch: Model not found at: nosuch.mar; bad 1.0: ModuleNotFoundError" in first
    assert last.startswith(f"The server goes on as process {site.pid()}. ")
    assert "`servescope stop` stops it" in last
    assert "Traceback" not in result.stderr
    assert site.get("inference", "/livez").status_code == 200


def test_a_model_that_comes_up_at_the_third_try(at, tmp_path):
    """Is waited for: status 0."""
    site = at({"late": LATE.format(tries=str(tmp_path / "tries"))}, "late.mar")
    said = lines(site.good(*START))
    assert "late 1.0: failed: ValueError: not yet (it is tried again)" in said
    assert said[-1].startswith("late 1.0: ready after ")


def test_a_model_that_is_given_up(at):
    """Is not waited for any longer."""
    site = at({}, "bad.mar")
    pack(site.directory / "store" / "bad.mar", "bad", BROKEN, config="maxRetryTimeoutInSec: 1\n")
    result = site.run(*START, "--wait", "300")
    assert result.returncode == 1
    assert lines(result.stdout)[-1].endswith("No module named 'nosuchmodule'; it is given up")


def test_time_is_over(at, tmp_path):
    """Status 1, and what is still on its way is said; the server goes on, and is ready later."""
    site = at({"slow": GATED_LOAD.format(go=str(tmp_path / "go"))}, "slow.mar")
    result = site.run(*START, "--wait", "4")
    assert result.returncode == 1
    assert re.search(r"not ready after [4-9] s: slow 1\.0: its workers are loading\n", result.stderr)
    (tmp_path / "go").touch()
    wait_until(lambda: site.get("inference", "/readyz").status_code == 200)


def test_the_default_is_the_startup_timeout_and_half_a_minute(at):
    """A load that is ended for its time fails again and again, and nobody waits for all of it."""
    slow = "import time\n\ndef handle(data, context):\n    time.sleep(600)\n"
    site = at({"slow": slow}, "slow.mar", default_startup_timeout="1")
    result = site.run(*START)
    assert result.returncode == 1
    assert "slow 1.0: failed: did not load within 1 s (it is tried again)" in lines(result.stdout)


def test_without_waiting(at, tmp_path):
    """`--wait 0` returns once the server answers, with 0, whatever becomes of the models."""
    site = at({"slow": GATED_LOAD.format(go=str(tmp_path / "go"))}, "slow.mar,nosuch.mar")
    said = site.good(*START, "--wait=0")
    assert lines(said) == []
    assert site.get("inference", "/readyz").status_code == 503
    (tmp_path / "go").touch()


def test_ctrl_c(at, tmp_path):
    """Ends the waiting and not the server, and says so."""
    site = at({"slow": GATED_LOAD.format(go=str(tmp_path / "go"))}, "slow.mar")
    with site.begin(*START) as waiting:
        said = [waiting.stdout.readline() for _ in range(6)]
        assert said[-1] == "  slow: loading\n"
        waiting.send_signal(signal.SIGINT)
        rest, error = waiting.communicate()
    assert waiting.returncode == 130
    assert f"The server goes on as process {site.pid()}" in rest
    assert error == ""
    assert site.get("inference", "/livez").status_code == 200
    (tmp_path / "go").touch()
    wait_until(lambda: site.get("inference", "/readyz").status_code == 200)


def test_a_server_that_ends_meanwhile(at, tmp_path):
    """Its end is said, not waited out."""
    site = at({"slow": GATED_LOAD.format(go=str(tmp_path / "go"))}, "slow.mar")
    with site.begin(*START) as waiting:
        while waiting.stdout.readline() != "  slow: loading\n":
            pass
        site.good("stop")
        _, error = waiting.communicate()
    assert waiting.returncode == 1
    assert "the server ended with status 0 before it was ready" in error or "the server is stopping" in error


def test_nothing_to_load(at):
    """A server that was asked for nothing is ready."""
    assert "Ready after" in at({}, "").good(*START)


def test_tls_and_tokens_are_no_obstacle(at, tmp_path):
    """The server's own certificate is trusted, and probes take no token."""
    pem, key = self_signed(tmp_path, DNSName("elsewhere"))
    site = at({"a": NOOP}, "a.mar", private_key_file=str(key), certificate_file=str(pem))
    config = site.directory / "config.properties"
    config.write_text(config.read_text().replace("management_address=http:", "management_address=https:"))
    assert "Ready after" in site.good("start", "--detach", "--ncs")
