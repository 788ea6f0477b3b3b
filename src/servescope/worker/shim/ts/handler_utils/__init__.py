"""TorchServe's `ts.handler_utils`: what handlers share."""
