"""`ts.context`: the context that the worker gives to handlers."""

from servescope.worker.handler.context import Context
from servescope.worker.requests.processor import RequestProcessor

__all__ = ["Context", "RequestProcessor"]
