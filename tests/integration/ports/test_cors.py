"""CORS on the wire: headers on every answer, and preflights that need no token."""

import pytest

from integration.net_server import NOOP, serving

pytestmark = pytest.mark.integration

CONFIGURED = {
    "cors_allowed_origin": "https://app.example",
    "cors_allowed_methods": "GET, POST, PUT, OPTIONS",
    "cors_allowed_headers": "X-Custom-Header",
}
SENT = {
    "access-control-allow-origin": "https://app.example",
    "access-control-allow-methods": "GET, POST, PUT, OPTIONS",
    "access-control-allow-headers": "X-Custom-Header",
}


def cors_of(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with CORS and tokens."""
    settings = CONFIGURED | {"disable_token_authorization": "false"}
    with serving(tmp_path_factory.mktemp("cors"), settings, {"noop": NOOP}) as server:
        yield server


@pytest.mark.parametrize("api", ["inference", "management", "metrics"])
def test_every_answer_has_the_headers(net, api):
    """Good ones and refusals, on each port."""
    for path in ("/api-description", "/what"):
        assert cors_of(net.http.get(net.url(api, path), headers={"Origin": "https://app.example"})) == SENT


@pytest.mark.parametrize(
    ("api", "path"), [("inference", "/predictions/noop"), ("management", "/models"), ("metrics", "/metrics")]
)
def test_a_preflight(net, api, path):
    """200 and nothing else, without a token: browsers send none."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    answer = net.http.options(net.url(api, path), headers=asked)
    assert (answer.status_code, answer.content, cors_of(answer)) == (200, b"", SENT)


def test_options_that_are_no_preflight_are_gated(net):
    """A description is asked for, which takes a token where the model's does."""
    assert net.http.options(net.url("inference", "/predictions/noop")).status_code == 400


def test_no_cors_without_a_setting(tmp_path):
    """No header, and OPTIONS with an Origin describes the model as ever."""
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        answer = server.http.options(server.url("inference", "/predictions/noop"), headers=asked)
        assert cors_of(answer) == {}
        assert answer.json()["openapi"] == "3.0.1"


def test_of_two_origins_the_one_that_asks(tmp_path):
    """It is named in answers, refusals and preflights, and caches are told; another's and nobody's pages get no name."""
    settings = {"cors_allowed_origin": "https://a.example, https://b.example", "cors_allowed_methods": "GET, POST"}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:

        def asked(origin, method="GET", path="/predictions/noop", **more):
            names = {"Origin": origin} if origin else {}
            answer = server.http.request(method, server.url("inference", path), headers=names | more)
            return answer.headers.get("access-control-allow-origin"), answer.headers["vary"]

        for origin in ("https://a.example", "https://b.example"):
            preflight = {"Access-Control-Request-Method": "POST"}
            assert asked(origin) == asked(origin, path="/what") == (origin, "Origin")
            assert asked(origin, "OPTIONS", **preflight) == (origin, "Origin")
        for origin in ("https://c.example", "https://a.example.evil", "https://A.example", ""):
            assert asked(origin) == (None, "Origin")
