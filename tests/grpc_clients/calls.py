"""Calls that are to fail, and how many ended how, for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from grpc_clients.needed import needed
from integration.server import Server

PATIENCE_S = 30


def refused(call: Callable[..., Any], *arguments: object, **more: object) -> tuple[Any, str]:
    """Status and description of a call that is refused."""
    grpc = needed("grpc")
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=PATIENCE_S, **more)
    return caught.value.code(), caught.value.details()


def counted(server: Server, model: str, code: int) -> float:
    """How many of a model's requests over gRPC ended with this code."""
    return server.metrics("servescope_requests_total", model_name=model, transport="grpc", code=str(code)) or 0.0
