"""TorchServe's `ts.handler_utils.distributed`: models that are cut over several processes."""
