"""Who may see and change what on a live server: tokens, cookies, origins, hosts, and the headers of every answer."""

import json

import pytest

from integration.conftest import deployment
from integration.console.test_overview import FAILING
from integration.server import Server, free_ports, pack, wait_until

pytestmark = pytest.mark.integration


def ask(server, path, method="GET", body=None, **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return server.http.request(method, server.url("metrics", f"/console{path}"), content=content, headers=named)


def own(server):
    return f"http://127.0.0.1:{server.ports['metrics']}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with tokens."""
    server = Server(tmp_path_factory.mktemp("guarded"), {"disable_token_authorization": "false"})
    keys = json.loads((server.directory / "key_file.json").read_text())
    server.http.headers["authorization"] = f"Bearer {keys['management']['key']}"
    archive = pack(server.store / "guarded1.mar", "guarded1", FAILING)
    assert server.register(archive).status_code == 200
    del server.http.headers["authorization"]
    server.key, server.asks = keys["management"]["key"], keys["inference"]["key"]
    yield server
    server.end()


def test_reading_needs_no_token(guarded):
    """As /metrics; but what clients and handlers said is withheld, in words, from who shows none."""
    url = guarded.url("inference", "/predictions/guarded1")
    answer = guarded.http.post(url, content=b"boom", headers={"authorization": f"Bearer {guarded.asks}"})
    assert answer.status_code == 503
    assert ask(guarded, "/api/overview").status_code == 200
    path = "/api/models/guarded1/failures"
    seen = wait_until(lambda: (found := ask(guarded, path).json())["failures"] and found)
    (failure,) = seen["failures"]
    assert "token" in seen["withheld"]
    assert failure["message"] is failure["request_id"] is failure["traceback"] is None
    assert (failure["code"], failure["worker"][:2]) == (503, "W-")
    (failure,) = ask(guarded, path, authorization=f"Bearer {guarded.key}").json()["failures"]
    assert failure["request_id"] == answer.headers["x-request-id"]
    assert "ValueError: <script>alert(1)</script>" in failure["traceback"]
    assert ask(guarded, path, authorization="Bearer wrong").json()["failures"][0]["traceback"] is None


def test_changes_need_the_token(guarded):
    """Without, with a wrong one, and with the inference key nothing changes; with it the model is scaled."""
    path, body = "/api/models/guarded1/scale", {"min_worker": 2, "max_worker": 2}
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Bearer {guarded.asks}"}):
        refused = ask(guarded, path, "POST", body, **headers)
        assert (refused.status_code, refused.json()["type"]) == (400, "InvalidKeyException")
    key = {"authorization": f"Bearer {guarded.key}"}
    assert ask(guarded, path, "POST", body, **key).status_code == 202
    wait_until(lambda: ask(guarded, "/api/models/guarded1").json()["workers"]["states"]["ready"] == 2)
    assert ask(guarded, path, "GET", **key).status_code == 405


def test_cookies(guarded):
    """Who signs in gets a cookie that no script can read; it counts on the console's own page alone, until signing out."""
    signed = ask(guarded, "/api/session", "POST", {}, authorization=f"Bearer {guarded.key}", origin=own(guarded))
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert signed.json()["allowed"]
    guarded.http.cookies.clear()
    named = {"cookie": cookie.partition(";")[0]}
    assert ask(guarded, "/api/session", **named).json() == signed.json()
    path, body = "/api/models/guarded1/scale", {"min_worker": 1, "max_worker": 1}
    for origin in ({}, {"origin": "http://evil.example"}, {"origin": "null"}):
        assert ask(guarded, path, "POST", body, **named, **origin).status_code == 403
    assert ask(guarded, path, "POST", body, **named, origin=own(guarded)).status_code == 202
    over = ask(guarded, "/api/session", "DELETE", origin=own(guarded))
    assert "Max-Age=0" in over.headers["set-cookie"]
    assert not over.json()["allowed"]
    guarded.http.cookies.clear()


def test_a_foreign_page_with_the_token(guarded):
    """Even who knows the token changes nothing from another site's page."""
    refused = ask(
        guarded,
        "/api/models/guarded1/unregister",
        "POST",
        {},
        authorization=f"Bearer {guarded.key}",
        origin="http://evil.example",
    )
    assert refused.status_code == 403
    assert "console_hosts" in refused.json()["message"]


def test_without_tokens(server):
    """On loopback whoever reaches the port may change, but no page of another site, and under no foreign name."""
    with deployment(server) as deploy:
        model = deploy(FAILING)
        path = f"/api/models/{model.name}/scale"
        assert ask(server, path, "POST", {"min_worker": 1}, origin="https://evil.example").status_code == 403
        assert ask(server, path, "POST", {"min_worker": 1}, sec_fetch_site="cross-site").status_code == 403
        assert ask(server, "/api/overview", host="evil.example").status_code == 403
        assert ask(server, "/api/overview", host="localhost:1").status_code == 200
        assert ask(server, path, "POST", {"min_worker": 1, "max_worker": 1}).status_code == 202
        for body, words in [
            ({}, "One of"),
            ({"min_worker": -1}, "-1"),
            ({"min_worker": True}, "min_worker"),
            ({"max_worker": 1, "wrong": 1}, "'wrong' is none of version, min_worker"),
            ([], "object"),
            ({"min_worker": 3, "max_worker": 2}, "max_worker"),
        ]:
            refused = ask(server, path, "POST", body)
            assert refused.status_code == 400, body
            assert words in refused.json()["message"]
        refused = server.http.post(server.url("metrics", f"/console{path}"), content=b"null")
        assert "no JSON object: 'null'" in refused.json()["message"]
        assert ask(server, f"/api/models/{model.name}/set-default", "POST", {"version": "9"}).status_code == 404
        assert ask(server, "/api/models/nobody/scale", "POST", {"min_worker": 1}).status_code == 404
        gone = ask(server, f"/api/models/{model.name}/unregister", "POST", {})
        assert gone.status_code == 200
        assert "unregistered" in gone.json()["status"]
        assert ask(server, f"/api/models/{model.name}").status_code == 404


def test_open_to_the_network_without_tokens(launch):
    """Then nobody sees what clients said, nor changes anything; and names are not checked."""
    (port,) = free_ports(1)
    server = launch(metrics_address=f"http://0.0.0.0:{port}")
    server.ports["metrics"] = port
    session = ask(server, "/api/session", host="models.example.org").json()
    assert not session["allowed"]
    assert "other machines" in session["why"]
    refused = ask(server, "/api/models/x/scale", "POST", {"min_worker": 1})
    assert (refused.status_code, refused.json()["type"]) == (403, "ForbiddenException")


def test_another_sites_page_without_tokens(launch):
    """Where cors_allowed_origin lets it read answers, it reads no tracebacks; the console's own page does."""
    server = launch(cors_allowed_origin="*")
    archive = pack(server.store / "read.mar", "read", FAILING)
    assert server.register(archive).status_code == 200
    server.http.post(server.url("inference", "/predictions/read"), content=b"boom")
    path = "/api/models/read/failures"
    own_page = wait_until(lambda: (found := ask(server, path, origin=own(server)).json())["failures"] and found)
    assert "ValueError" in own_page["failures"][0]["traceback"]
    for origin in ("https://evil.example", "null"):
        seen = ask(server, path, origin=origin).json()
        assert seen["withheld"]
        assert seen["failures"][0]["traceback"] is None


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "via"])
def test_through_a_proxy_without_tokens(server, header):
    """Whoever comes that way is not on this machine, as far as anybody knows: numbers, and nothing else."""
    proxied = {header: "for=192.0.2.1"}
    session = ask(server, "/api/session", **proxied).json()
    assert not session["allowed"]
    assert "proxy" in session["why"]
    assert ask(server, "/api/models/x/scale", "POST", {"min_worker": 1}, **proxied).status_code == 403
    assert ask(server, "/api/overview", **proxied).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["", "/", "/api/overview", "/api/nothing", "/nothing.js", "/runbook", "/console/api/session", "/api/models/x"],
)
def test_headers(server, path):
    """Every answer, errors too, says that nothing inline and nothing foreign may run, and in no frame."""
    answer = ask(server, path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (answer.status_code == 404) == (path in ("/api/nothing", "/nothing.js", "/api/models/x"))
    assert not answer.history


def test_behind_a_proxy(launch):
    """Names of console_hosts are taken as Host; without tokens whoever uses them is not on this machine, and only reads numbers."""
    server = launch(console_hosts="models.example.org")
    named = {"host": "models.example.org"}
    assert ask(server, "/api/overview", **named).status_code == 200
    assert ask(server, "/api/overview", host="other.example.org").status_code == 403
    for asked in (named, {"origin": "https://models.example.org"}):
        refused = ask(server, "/api/models/x/scale", "POST", {"min_worker": 1}, **asked)
        assert refused.status_code == 403
        assert "proxy" in refused.json()["message"]


def test_behind_a_proxy_with_tokens(tmp_path):
    """Names of console_hosts are taken as Origin too: from the proxy's page the token's owner may change models."""
    server = Server(tmp_path, {"disable_token_authorization": "false", "console_hosts": "models.example.org"})
    key = json.loads((tmp_path / "key_file.json").read_text())["management"]["key"]
    asked = {"authorization": f"Bearer {key}", "x_forwarded_for": "192.0.2.1"}
    try:
        for origin, code in [("https://models.example.org", 404), ("https://other.example.org", 403)]:
            answer = ask(server, "/api/models/x/scale", "POST", {"min_worker": 1}, origin=origin, **asked)
            assert answer.status_code == code
    finally:
        server.end()
