"""TorchServe's `ts.model_service`: the base class of handlers from before BaseHandler."""

from ts.model_service import model_service

__all__ = ["model_service"]
