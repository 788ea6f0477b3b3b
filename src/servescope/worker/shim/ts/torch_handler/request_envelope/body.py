"""`ts.torch_handler.request_envelope.body`."""

from servescope.worker.envelopes.plain import BodyEnvelope

__all__ = ["BodyEnvelope"]
