"""`ts.torch_handler.request_envelope.kserve`."""

from servescope.worker.envelopes.plain import KServeEnvelope

__all__ = ["KServeEnvelope"]
