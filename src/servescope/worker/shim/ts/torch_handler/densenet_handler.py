"""`ts.torch_handler.densenet_handler`: a tensor that a client saved → the model's output, saved too."""

import io

import torch

from ts.handler_utils.timer import timed
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.payloads import payload_of


class DenseNetHandler(BaseHandler):
    """Rows hold what `torch.save` wrote of one tensor, in the field `data` or `body`."""

    @timed
    def preprocess(self, data):
        """Rows → one tensor [batch, …]. Tensors only: a pickle of a client's would run its code."""
        saved = [io.BytesIO(payload_of(row)) for row in data]
        return torch.stack([torch.load(one, map_location="cpu", weights_only=True) for one in saved])

    @timed
    def postprocess(self, data):
        """The output → one tensor [1, …] a request."""
        return [one.clone() for one in data.split(1)]
