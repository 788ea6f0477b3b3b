"""`ts.torch_handler.request_envelope.json`."""

from servescope.worker.envelopes.plain import JSONEnvelope

__all__ = ["JSONEnvelope"]
