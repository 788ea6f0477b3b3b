"""`ts.torch_handler.request_envelope.base`."""

from servescope.worker.handler.envelopes import BaseEnvelope

__all__ = ["BaseEnvelope"]
