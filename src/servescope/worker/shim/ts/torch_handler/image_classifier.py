"""`ts.torch_handler.image_classifier`: a picture → its most likely classes and their probabilities."""

import torch.nn.functional

from ts.handler_utils.timer import timed
from ts.torch_handler.images import imagenet_input
from ts.torch_handler.vision_handler import VisionHandler
from ts.utils.util import map_class_to_label


class ImageClassifier(VisionHandler):
    """For models that give logits [batch, classes]; index_to_name.json names the classes."""

    topk = 5
    image_processing = staticmethod(imagenet_input)

    def set_max_result_classes(self, topk) -> None:
        """How many classes an answer holds."""
        self.topk = topk

    def get_max_result_classes(self):
        """How many classes an answer holds."""
        return self.topk

    @timed
    def postprocess(self, data):
        """Logits → one {label: probability} a request, the likeliest first."""
        shares = torch.nn.functional.softmax(data, dim=1)
        probabilities, classes = torch.topk(shares, min(self.topk, shares.shape[1]), dim=1)
        return map_class_to_label(probabilities.tolist(), self.mapping, classes.tolist())
