"""A server as it is by default: clients may look at models and scale them, but neither register nor unregister any."""

import pytest

from integration.net_server import NOOP, error, serving

pytestmark = pytest.mark.integration

REFUSED = (405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")


def test_only_register_and_unregister_are_closed(tmp_path):
    """Everything else of the management API stays open."""
    with serving(tmp_path / "server", {"enable_model_api": "false"}, {"noop": NOOP}) as server:
        assert error(server.manage("POST", "/models", url="noop.mar")) == REFUSED
        assert error(server.manage("DELETE", "/models/noop")) == REFUSED
        assert server.manage("GET", "/models/noop").status_code == 200
        assert server.manage("PUT", "/models/noop", min_worker=1).status_code == 202
        assert server.manage("PUT", "/models/noop/1.0/set-default").status_code == 200
