"""The OpenAPI documents that the three ports serve: valid, and true of the port."""

import pytest
from openapi_spec_validator import validate

from integration.net_server import NOOP, serving

pytestmark = pytest.mark.integration

SOME_PATHS = {"inference": "/predictions/{model_name}", "management": "/models", "metrics": "/metrics"}


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with one model."""
    with serving(tmp_path_factory.mktemp("openapi"), models={"noop": NOOP}) as server:
        yield server


@pytest.mark.parametrize("api", ["inference", "management", "metrics"])
def test_a_ports_document(net, api):
    """The same by both ways, valid, with the port's own paths and no other's."""
    answer = net.http.options(net.url(api, "/"))
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.0.1"
    validate(document)
    for method in ("GET", "POST", "OPTIONS"):
        assert net.http.request(method, net.url(api, "/api-description")).json() == document
    assert {other for other, path in SOME_PATHS.items() if path in document["paths"]} == {api}


def test_a_models_documents(net):
    """How to ask it, and how to manage it."""
    for api, path in (("inference", "/predictions/noop"), ("management", "/models/noop")):
        document = net.http.options(net.url(api, path)).json()
        validate(document)
        assert "noop" in document["info"]["title"]
