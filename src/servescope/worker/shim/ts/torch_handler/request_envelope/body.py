"""`ts.torch_handler.request_envelope.body`."""

from servescope.worker.handler.envelopes import BodyEnvelope

__all__ = ["BodyEnvelope"]
