"""Tokens on the wire: who gets in where, renewal, expiry, and the key file (contract, section B, "Tokens")."""

import json
import stat

import httpx
import pytest

from integration.net_server import NOOP, error, serving, stop
from integration.server import free_ports, wait_until

pytestmark = pytest.mark.integration

REFUSED = (
    400,
    "InvalidKeyException",
    "Token Authorization failed. Token either incorrect, expired, or not provided correctly",
)
NOT_RENEWED = (
    400,
    "InvalidKeyException",
    "Token Authentication failed. Token either incorrect, expired, or not provided correctly",
)
TOKENS_ON = {"disable_token_authorization": "false"}


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with tokens and two models, one with a name that TorchServe's check stumbles over."""
    directory = tmp_path_factory.mktemp("tokens") / "server"
    with serving(directory, TOKENS_ON, {"noop": NOOP, "tokenizer": NOOP}) as server:
        yield server


def keys(server):
    """The key file."""
    return json.loads((server.directory / "key_file.json").read_text())


def ask(server, api, path, key=None, method="GET", scheme="Bearer"):
    """One request, with a key or without."""
    headers = {"Authorization": f"{scheme} {key}"} if key is not None else {}
    return server.http.request(method, server.url(api, path), headers=headers)


def test_the_key_file(net):
    """Only its owner may read it; two keys end at a time that is told, the third never."""
    file = net.directory / "key_file.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = keys(net)
    assert list(found) == ["management", "inference", "API"]
    assert all(len(entry["key"]) == 8 for entry in found.values())
    assert found["management"]["expiration time"].endswith("Z")
    assert list(found["API"]) == ["key"]


@pytest.mark.parametrize("path", ["/predictions/noop", "/predictions/tokenizer", "/what", "/predictions/none"])
def test_inference_is_gated(net, path):
    """Every path that is no probe: no key, the wrong one, the wrong kind of key, and the right one."""
    key = keys(net)["inference"]["key"]
    for wrong in (None, "nonsense", keys(net)["management"]["key"], keys(net)["API"]["key"], key + "x"):
        assert error(ask(net, "inference", path, wrong)) == REFUSED
    assert error(ask(net, "inference", path, key, scheme="Basic")) == REFUSED
    assert ask(net, "inference", path, key).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/models", "/models/tokenizer", "/models/noop", "/v1/models/noop", "/what"])
def test_management_is_gated(net, path):
    """The management key, and no other; `tokenizer` is a model like any other."""
    for wrong in (None, "nonsense", keys(net)["inference"]["key"], keys(net)["API"]["key"]):
        assert error(ask(net, "management", path, wrong)) == REFUSED
    answer = ask(net, "management", path, keys(net)["management"]["key"])
    assert answer.status_code == (404 if path == "/what" else 200)


def test_probes_metrics_and_descriptions_are_open(net):
    """Orchestrators, scrapers and readers of the API need no key; a wrong one does no harm."""
    assert ask(net, "metrics", "/metrics").status_code == 200
    wait_until(lambda: ask(net, "inference", "/ping", "nonsense").status_code == 200)
    for api in ("inference", "management", "metrics"):
        for path in ("/livez", "/readyz", "/readyz?verbose", "/readyz/models", "/readyz?model=noop"):
            assert ask(net, api, path).status_code == ask(net, api, path, "nonsense").status_code == 200
        assert ask(net, api, "/api-description").status_code == 200
        assert ask(net, api, "/", method="OPTIONS").status_code == 200


@pytest.mark.parametrize("kind", ["inference", "management"])
def test_renewal(net, kind):
    """The API key gets a new one: the old one is refused from then on, the other kind's is untouched."""
    before = keys(net)
    answer = ask(net, "management", f"/token?type={kind}", before["API"]["key"])
    assert (answer.status_code, answer.content) == (200, b"\n")
    after = keys(net)
    (other,) = {"inference", "management"} - {kind}
    assert after[kind]["key"] != before[kind]["key"]
    assert (after[other], after["API"]) == (before[other], before["API"])
    path = "/predictions/noop" if kind == "inference" else "/models"
    assert error(ask(net, kind, path, before[kind]["key"])) == REFUSED
    assert ask(net, kind, path, after[kind]["key"]).status_code == 200


def test_renewal_refused(net):
    """For other keys, and for kinds that there are not; nothing changes."""
    before = keys(net)
    for query in ("?type=management", "?type=inference"):
        for wrong in (None, "nonsense", before["management"]["key"]):
            assert error(ask(net, "management", f"/token{query}", wrong)) == NOT_RENEWED
    for query in ("?type=metrics", "?type=", ""):
        assert error(ask(net, "management", f"/token{query}", before["API"]["key"])) == NOT_RENEWED
    assert keys(net) == before


def test_a_key_expires_and_is_renewed(tmp_path):
    """Good at first, refused once its time is over, and good again after renewal; the file goes with the server."""
    with serving(tmp_path / "server", TOKENS_ON | {"token_expiration_min": "0.05"}, {}) as server:
        path = "/predictions/none"
        key = keys(server)["inference"]["key"]
        assert ask(server, "inference", path, key).status_code == 404
        wait_until(lambda: ask(server, "inference", path, key).status_code == 400, "the key to expire")
        assert ask(server, "management", "/token?type=inference", keys(server)["API"]["key"]).status_code == 200
        assert ask(server, "inference", path, keys(server)["inference"]["key"]).status_code == 404
        assert stop(server) == 0
        assert not (server.directory / "key_file.json").exists()


def test_there_is_no_token_path_without_tokens(tmp_path):
    """404 like any other."""
    with serving(tmp_path / "server", {}, {}) as server:
        assert ask(server, "management", "/token?type=inference").status_code == 404
        assert not (server.directory / "key_file.json").exists()


def test_a_shared_port_takes_each_apis_own_key(tmp_path):
    """One key is enough for a request, and each opens its own API only."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    settings = TOKENS_ON | {"inference_address": address, "management_address": address}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        inference, management = (keys(server)[kind]["key"] for kind in ("inference", "management"))

        def status(path, key):
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}"}).status_code

        path = "/predictions/noop"
        assert (status(path, inference), status(path, management)) == (200, 400)
        assert (status("/models", management), status("/models", inference)) == (200, 400)
