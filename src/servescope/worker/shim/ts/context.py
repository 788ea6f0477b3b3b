"""`ts.context`: the context that the worker gives to handlers."""

from servescope.worker.context import Context, RequestProcessor

__all__ = ["Context", "RequestProcessor"]
