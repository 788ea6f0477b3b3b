"""The management API as the tests of its wire ask it, of a server whose models are in its store and not loaded.

In: a `Server`. Out: answers as they came, or descriptions.
"""

from typing import Any

import httpx

from integration.server import Server

# Registers from afar are refused but for this address, where nobody listens.
UNLOADED = {"allowed_urls": "http://127.0.0.1:1/.*"}


def register(server: Server, **query: object) -> httpx.Response:
    """POST /models with this query and nothing else; `Server.register` adds what most tests want."""
    return server.manage("POST", "/models", **query)


def described(server: Server, name: str, more: str = "", **query: object) -> Any:
    """What a model is said to be; `more`: the rest of the path."""
    return server.manage("GET", f"/models/{name}{more}", **query).json()


def unregister_all(server: Server) -> None:
    """Leave no model behind, and the default version of each to the last."""
    for model in server.manage("GET", "/models").json()["models"]:
        name = model["modelName"]
        versions = [found["modelVersion"] for found in described(server, name, "/all")]
        default = described(server, name)[0]["modelVersion"]
        for version in sorted(versions, key=default.__eq__):
            assert server.manage("DELETE", f"/models/{name}/{version}").status_code == 200
