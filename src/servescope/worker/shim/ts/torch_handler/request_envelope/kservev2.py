"""`ts.torch_handler.request_envelope.kservev2`."""

from servescope.worker.handler.envelopes import KServev2Envelope

__all__ = ["KServev2Envelope"]
