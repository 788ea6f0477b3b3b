"""TorchServe's `ts.torch_handler.unit_tests`: what unit tests of handlers share."""
