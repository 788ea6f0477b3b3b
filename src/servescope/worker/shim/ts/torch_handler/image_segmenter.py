"""`ts.torch_handler.image_segmenter`: a picture → the class of each of its pixels."""

import torch

from ts.handler_utils.timer import timed
from ts.torch_handler.images import imagenet_input
from ts.torch_handler.vision_handler import VisionHandler


class ImageSegmenter(VisionHandler):
    """For models that give `{"out": logits [batch, classes, height, width]}`, as torchvision's do."""

    image_processing = staticmethod(imagenet_input)

    @timed
    def postprocess(self, data):
        """Logits → for each request a list [height, width, 2] of (class, probability)."""
        shares = torch.nn.functional.softmax(data["out"], dim=1)
        probabilities, classes = torch.max(shares, dim=1)
        return torch.stack((classes.to(probabilities.dtype), probabilities), dim=3).tolist()
