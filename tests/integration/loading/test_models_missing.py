"""What a start was asked to load and has not: shown by name and reason, until it serves or is wanted no more."""

import pytest

from integration.deployed import FLAKY
from integration.scrape import read
from integration.server import Server, pack, wait_until

pytestmark = pytest.mark.integration

MISSING = "servescope_models_missing"
GOOD = "def handle(data, context):\n    return data and ['ok'] * len(data)\n"
NEVER = FLAKY.replace("{error}", "ValueError('not this one')").replace("tries < 3", "True")
LATER = FLAKY.replace("{error}", "ValueError('not yet')").replace("tries < 3", "not (notes / 'go').exists()")


def missing(server):
    """Reasons by name."""
    found = read(server, MISSING).matching(MISSING)
    assert all(value == 1 for _, value in found), found
    return {labels["model_name"]: labels["reason"] for labels, _ in found}


@pytest.fixture
def begin(tmp_path):
    """Start a server for models of a store that a test fills first."""
    servers = []
    (tmp_path / "store").mkdir()

    def start(load_models, **settings):
        servers.append(Server(tmp_path, {"load_models": load_models, "default_workers_per_model": "1", **settings}))
        for name in ("never", "later"):
            (servers[-1].notes / name).mkdir(exist_ok=True)
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def test_each_by_its_reason(begin, tmp_path):
    """A file that is not there, one that is no model, a URL that may not be read and one that leads nowhere, a model whose
    workers do not load: all but the good one, which is served meanwhile; each until it is made good, or given up.
    """
    store = tmp_path / "store"
    pack(store / "good.mar", "good", GOOD)
    pack(store / "never.mar", "never", NEVER)
    pack(store / "later.mar", "later", LATER)
    (store / "broken.mar").write_bytes(b"PK\x03\x04 this is no archive")
    server = begin(
        "good.mar,nosuch.mar,named=absent.mar,broken.mar,never.mar,later.mar,http://127.0.0.1:9/cut.mar?key=secret,https://other/x.mar",
        allowed_urls="http://127.0.0.1.*",
    )
    expected = {
        "nosuch": "not_found",
        "named": "not_found",
        "broken": "refused",
        "cut": "download",
        "x": "refused",
        "never": "load_failed",
        "later": "load_failed",
    }
    wait_until(lambda: missing(server) == expected, str(expected))
    assert server.http.post(server.url("inference", "/predictions/good"), content=b"x").text == "ok"

    (server.notes / "later" / "go").touch()  # the workers come up after retries
    wait_until(lambda: "later" not in missing(server))
    pack(store / "nosuch.mar", "nosuch", GOOD)  # registered by hand
    assert server.register("nosuch.mar").status_code == 200
    assert server.register("never.mar", model_name="named").status_code == 500  # whose caller was told
    assert server.register("good.mar", model_name="unasked", initial_workers=0).status_code == 200
    assert missing(server) == {key: expected[key] for key in ("named", "broken", "cut", "x", "never")}
    assert server.register("good.mar", model_name="named").status_code == 200
    assert server.manage("DELETE", "/models/never").status_code == 200
    assert server.manage("DELETE", "/models/broken").status_code == 404
    assert missing(server) == {"cut": "download", "x": "refused"}
    assert "secret" not in server.console()


def test_all_of_a_store(begin, tmp_path):
    """`all` asks for each archive that is there."""
    store = tmp_path / "store"
    pack(store / "good.mar", "good", GOOD)
    (store / "broken.tar.gz").write_bytes(b"no archive")
    server = begin("all")
    wait_until(lambda: missing(server) == {"broken": "refused"})


def test_a_model_whose_configuration_is_refused(begin, tmp_path):
    """Is missing too."""
    pack(tmp_path / "store" / "m.mar", "digits", GOOD, config="slo: {latency_ms: no}\n")
    server = begin("m.mar")
    wait_until(lambda: missing(server) == {"m": "refused"})
