"""TorchServe's `ts.metrics`: the types that handlers pass to `context.metrics`."""
