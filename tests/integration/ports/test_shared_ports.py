"""APIs that share an address: two of them, and all three (contract, sections A and B)."""

import httpx
import pytest

from integration.net_server import NOOP, serving
from integration.server import free_ports

pytestmark = pytest.mark.integration


def test_inference_and_management(tmp_path):
    """Each path finds its API; a path of neither is 404; metrics keep their own port."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with serving(
        tmp_path / "server", {"inference_address": address, "management_address": address}, {"noop": NOOP}
    ) as server:
        with httpx.Client(base_url=address) as http:
            assert http.get("/ping").json() == {"status": "Healthy"}
            assert http.post("/predictions/noop", content=b"x").text == "ok"
            assert http.post("/models/noop/invoke", content=b"x").text == "ok"
            assert [model["modelName"] for model in http.get("/models").json()["models"]] == ["noop"]
            assert http.get("/models/noop").json()[0]["modelVersion"] == "1.0"
            assert http.get("/models/noop/1.0").json()[0]["modelVersion"] == "1.0"
            assert http.put("/models/noop/1.0/set-default").status_code == 200
            assert http.get("/v1/models/noop").json()["ready"] is True
            assert http.post("/v1/models/noop:predict", content=b"x").text == "ok"
            assert http.get("/what").json()["type"] == "ResourceNotFoundException"
            assert http.get("/metrics").status_code == 404
            paths = http.get("/api-description").json()["paths"]
            assert {"/predictions/{model_name}", "/models"} <= set(paths)
        assert server.metrics("Requests2XX", Level="Host") is not None


def test_all_three(tmp_path):
    """One port for everything, and one request counted once."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    settings = {f"{api}_address": address for api in ("inference", "management", "metrics")}
    with serving(tmp_path / "server", settings, {"noop": NOOP}), httpx.Client(base_url=address) as http:
        assert http.get("/ping").status_code == 200
        assert http.get("/models").status_code == 200
        assert http.post("/predictions/noop", content=b"x").text == "ok"
        shown = http.get("/metrics?name[]=Requests2XX").text
        assert shown.splitlines()[-1].endswith("} 3.0")
        assert http.options("/").json()["openapi"] == "3.0.1"
        assert http.get("/").status_code == 405
