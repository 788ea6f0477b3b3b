"""`ts.context`: the context that the worker gives to handlers."""

from servescope.worker.context import Context
from servescope.worker.processor import RequestProcessor

__all__ = ["Context", "RequestProcessor"]
