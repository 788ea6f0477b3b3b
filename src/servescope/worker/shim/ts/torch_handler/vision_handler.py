"""`ts.torch_handler.vision_handler`: what the image handlers share, from pictures to a batch of tensors.

A subclass names its transform in `image_processing`: a callable from a Pillow image to a tensor, such as a torchvision
`Compose`.
"""

import functools

import torch
from PIL import Image

from ts.handler_utils.timer import timed
from ts.torch_handler.attribution import integrated_gradients
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.explaining import captum_attr
from ts.torch_handler.images import open_image
from ts.torch_handler.payloads import payload_of


class VisionHandler(BaseHandler):
    """Rows hold a picture (bytes, or base64 text) or nested lists of numbers, in the field `data` or `body`."""

    def initialize(self, context) -> None:
        """Load the model; with limit_max_image_pixels=false, let Pillow open pictures of any size."""
        super().initialize(context)
        if not context.system_properties.get("limit_max_image_pixels", True):
            Image.MAX_IMAGE_PIXELS = None

    @timed
    def preprocess(self, data):
        """Rows → a tensor [batch, channels, height, width] on the device."""
        return torch.stack([self._to_tensor(row) for row in data]).to(self.device)

    def _to_tensor(self, row):
        payload = payload_of(row)
        if isinstance(payload, (str, bytes, bytearray, memoryview)):
            return self.image_processing(open_image(payload))
        if isinstance(payload, list) or hasattr(payload, "__array__"):
            return torch.as_tensor(payload, dtype=torch.float32)
        raise ValueError(f"a picture must come in the field data or body, as bytes, base64 or a list: {sorted(row)}")

    @functools.cached_property
    def ig(self):
        """Integrated gradients by captum, for handlers that explain by it with settings of their own."""
        return captum_attr().IntegratedGradients(self.model)

    def get_insights(self, tensor_data, raw_data, target=0):
        """Integrated gradients of each pixel, as nested lists of the input's shape."""
        return integrated_gradients(self.model, tensor_data, target).tolist()
