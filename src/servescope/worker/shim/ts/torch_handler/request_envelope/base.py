"""`ts.torch_handler.request_envelope.base`."""

from servescope.worker.envelopes import BaseEnvelope

__all__ = ["BaseEnvelope"]
