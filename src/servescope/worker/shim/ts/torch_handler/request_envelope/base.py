"""`ts.torch_handler.request_envelope.base`."""

from servescope.worker.envelopes.base import BaseEnvelope

__all__ = ["BaseEnvelope"]
