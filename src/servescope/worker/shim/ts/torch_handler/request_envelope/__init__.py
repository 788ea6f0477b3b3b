"""TorchServe's `ts.torch_handler.request_envelope`: the envelopes of `servescope.worker.handler.envelopes`."""
