"""`ts.torch_handler.request_envelope.json`."""

from servescope.worker.handler.envelopes import JSONEnvelope

__all__ = ["JSONEnvelope"]
