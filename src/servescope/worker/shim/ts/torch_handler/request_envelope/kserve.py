"""`ts.torch_handler.request_envelope.kserve`."""

from servescope.worker.handler.envelopes import KServeEnvelope

__all__ = ["KServeEnvelope"]
