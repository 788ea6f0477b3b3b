"""TorchServe's `ts.torch_handler`: the handlers that a manifest may name without bringing code."""
