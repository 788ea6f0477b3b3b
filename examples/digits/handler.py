"""Answers a PNG of a handwritten digit with the digit: a BaseHandler subclass, as it would be written for TorchServe.

In: 8×8 greyscale PNGs, one a request, batched by the server. Out: `{"digit": int, "probability": float}` a request,
as JSON. Packed with `model.pt` by `servescope demo`; it runs inside a worker.
"""

import io

import numpy as np
import torch
from PIL import Image
from ts.torch_handler.base_handler import BaseHandler


class DigitHandler(BaseHandler):
    """PNG bytes → tensor (N, 1, 8, 8) → logits (N, 10) → digits."""

    def initialize(self, context):
        """Load `model.pt`, to run on one thread: the model is tiny, and the workers share the machine's cores."""
        torch.set_num_threads(1)
        super().initialize(context)

    def preprocess(self, data):
        """The batch's images as one float tensor in 0–1 on the model's device."""
        bodies = [row.get("data") or row.get("body") for row in data]
        images = [Image.open(io.BytesIO(body)).convert("L").resize((8, 8)) for body in bodies]
        pixels = np.stack([np.asarray(image, dtype=np.float32) for image in images]) / 255
        return torch.from_numpy(pixels).unsqueeze(1).to(self.device)

    def inference(self, data, *_args, **_kwargs):
        """Probabilities (N, 10)."""
        with torch.inference_mode():
            return torch.softmax(self.model(data), dim=1)

    def postprocess(self, data):
        """One answer a row."""
        probabilities, digits = data.max(dim=1)
        return [
            {"digit": digit, "probability": round(probability, 4)}
            for digit, probability in zip(digits.tolist(), probabilities.tolist(), strict=True)
        ]
