"""TorchServe's `ts.handler_utils.preprocess`: inputs made ready by other libraries."""
