"""`ts.torch_handler.object_detector`: a picture → the boxes of what is in it."""

import torch

from ts.handler_utils.timer import timed
from ts.torch_handler.images import to_tensor
from ts.torch_handler.vision_handler import VisionHandler


class ObjectDetector(VisionHandler):
    """For models that take pictures, and give boxes, labels and scores for each."""

    image_processing = staticmethod(to_tensor)
    threshold = 0.5

    @timed
    def preprocess(self, data):
        """Rows → a tensor [batch, channels, height, width]; a list of pictures where they differ in shape."""
        pictures = [self._to_tensor(row).to(self.device) for row in data]
        return torch.stack(pictures) if len({one.shape for one in pictures}) == 1 else pictures

    @timed
    def inference(self, data, *args, **kwargs):
        """Pictures → one dict a picture."""
        pictures = list(data) if _takes_list(self.model) else data
        with torch.inference_mode():
            output = self.model(pictures, *args, **kwargs)
        # A scripted detector gives (losses, detections).
        return output[1] if isinstance(output, tuple) else output

    @timed
    def postprocess(self, data):
        """Detections → for each picture [{label: [x1, y1, x2, y2], "score": s}], of scores of `threshold` and more."""
        return [self._objects(one) for one in data]

    def _objects(self, found):
        objects = []
        for box, label, score in zip(
            found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist(), strict=True
        ):
            if score >= self.threshold:
                name = str(label)
                objects.append({(self.mapping or {}).get(name, name): box, "score": score})
        return objects


def _takes_list(model) -> bool:
    """Whether it is a scripted model that takes a list of tensors, as torchvision's detectors do, and no single one."""
    schema = getattr(getattr(model, "forward", None), "schema", None)
    return schema is not None and str(schema.arguments[1].type) == "List[Tensor]"
