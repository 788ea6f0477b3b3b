"""Calls that are to fail, for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from grpc_clients.needed import needed

PATIENCE_S = 30


def refused(call: Callable[..., Any], *arguments: object, **more: object) -> tuple[Any, str]:
    """Status and description of a call that is refused."""
    grpc = needed("grpc")
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=PATIENCE_S, **more)
    return caught.value.code(), caught.value.details()
