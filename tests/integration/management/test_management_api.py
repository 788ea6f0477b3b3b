"""The management API on the wire: versions, pages, scaling, descriptions, and what is refused (contract, section B)."""

import pytest

from integration.models import UNLOADED, described, register, unregister_all
from integration.net_server import NOOP, error, serving
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

NOT_ALLOWED = (405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")
PROCESSING = {"status": "Processing worker updates..."}
DESCRIBED = """
def handle(data, context):
    if data is None:
        return None
    if context.get_request_header(0, "describe") == "True":
        return [{"layers": 3}]
    return [b"ok"] * len(data)
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with models in its store and none loaded."""
    with serving(tmp_path_factory.mktemp("management"), UNLOADED, {}) as server:
        for name, code in {"noop": NOOP, "described": DESCRIBED}.items():
            pack(server.store / f"{name}.mar", name, code)
        pack(server.store / "noop2.mar", "noop", NOOP, version="2.0")
        yield server


@pytest.fixture(autouse=True)
def _tidy(net):
    """Each test leaves no model behind."""
    yield
    unregister_all(net)


def test_a_second_version_is_not_the_default(net):
    """Until it is made so; then the first can go, and a model with versions keeps its default one."""
    register(net, url="noop.mar")
    assert error(register(net, url="noop.mar")) == (
        409,
        "ConflictStatusException",
        "Model version 1.0 is already registered for model noop",
    )
    register(net, url="noop2.mar")
    assert [model["modelVersion"] for model in described(net, "noop")] == ["1.0"]
    assert [model["modelVersion"] for model in described(net, "noop", "/all")] == ["1.0", "2.0"]
    assert error(net.manage("DELETE", "/models/noop")) == (
        403,
        "InvalidModelVersionException",
        "Cannot remove default version for model noop",
    )
    assert net.manage("DELETE", "/models/noop", model_version="2.0").status_code == 403
    answer = net.manage("PUT", "/models/noop/2.0/set-default")
    assert answer.json() == {"status": 'Default version successfully updated for model "noop" to "2.0"'}
    assert [model["modelVersion"] for model in described(net, "noop")] == ["2.0"]
    assert net.manage("DELETE", "/models/noop/1.0").json() == {"status": 'Model "noop" unregistered'}


def test_pages(net):
    """By name; a token is given even where the page ends at the end; limits out of bounds are the greatest."""
    for name in ("c", "a", "b"):
        register(net, url="noop.mar", model_name=name)

    def page(**query):
        said = net.manage("GET", "/models", **query).json()
        return said.get("nextPageToken"), [model["modelName"] for model in said["models"]]

    assert page() == (None, ["a", "b", "c"])
    assert page(limit=2) == ("2", ["a", "b"])
    assert page(limit=2, next_page_token=2) == (None, ["c"])
    assert page(limit=3) == ("3", ["a", "b", "c"])
    for limit in (-1, 101):
        assert page(limit=limit) == (None, ["a", "b", "c"])
    assert page(next_page_token=9) == (None, [])


def test_scale(net):
    """At once or waited for, up and down; max_worker below min_worker is refused."""
    register(net, url="noop.mar")
    assert net.manage("PUT", "/models/noop").json() == PROCESSING
    wait_until(lambda: described(net, "noop")[0]["workers"][0]["status"] == "READY")
    answer = net.manage("PUT", "/models/noop", min_worker=2, synchronous="true")
    assert answer.json() == {"status": "Workers scaled to 2 for model: noop"}
    answer = net.manage("PUT", "/models/noop/1.0", min_worker=1, synchronous="true")
    assert answer.json() == {"status": "Workers scaled to 1 for model: noop, version: 1.0"}
    answer = net.manage("PUT", "/models/noop", min_worker=0, synchronous="true", model_version="1.0")
    assert answer.json() == {"status": "Workers scaled to 0 for model: noop, version: 1.0"}
    assert net.manage("GET", "/v1/models/noop").json() == {"name": "noop", "ready": False}
    bad = net.manage("PUT", "/models/noop", min_worker=2, max_worker=1)
    assert error(bad) == (400, "BadRequestException", "max_worker cannot be less than min_worker.")


def test_readiness_and_description(net):
    """What a model says of itself, where it has a worker; {} where it says nothing."""
    register(net, url="described.mar", initial_workers=1)
    assert net.manage("GET", "/v1/models/described").json() == {"name": "described", "ready": True}
    assert described(net, "described", customized="true")[0]["customizedMetadata"] == {"layers": 3}
    assert "customizedMetadata" not in described(net, "described")[0]
    register(net, url="noop.mar")
    status, type_name, message = error(net.manage("GET", "/models/noop", customized="true"))
    assert (status, type_name) == (503, "ServiceUnavailableException")
    assert message.startswith('Model "noop" has no worker to serve describe request.')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models/none"),
        ("GET", "/models/none/all"),
        ("PUT", "/models/none"),
        ("DELETE", "/models/none"),
        ("OPTIONS", "/models/none"),
        ("PUT", "/models/none/1.0/set-default"),
        ("GET", "/v1/models/none"),
    ],
)
def test_unknown_models(net, method, path):
    """404 whatever is asked."""
    assert error(net.manage(method, path)) == (404, "ModelNotFoundException", "Model not found: none")


def test_unknown_versions(net):
    """404, with two texts of which one is for set-default."""
    register(net, url="noop.mar")
    text = "Model version: 9 does not exist for model: noop"
    for method, path in (("GET", "/models/noop/9"), ("PUT", "/models/noop/9"), ("DELETE", "/models/noop/9")):
        assert error(net.manage(method, path)) == (404, "ModelVersionNotFoundException", text)
    text = "Model version 9 does not exist for model noop"
    assert error(net.manage("PUT", "/models/noop/9/set-default")) == (404, "ModelVersionNotFoundException", text)


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/models"), ("PUT", "/models"), ("GET", "/"), ("POST", "/models/x")]
)
def test_methods_not_allowed(net, method, path):
    """Known paths with another method."""
    assert error(net.manage(method, path)) == NOT_ALLOWED
