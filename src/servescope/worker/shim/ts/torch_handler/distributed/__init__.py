"""TorchServe's `ts.torch_handler.distributed`: base classes for models that are cut over several processes."""
