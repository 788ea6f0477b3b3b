"""`ts.torch_handler.dali_handler`: pictures are decoded and scaled by an NVIDIA DALI pipeline of the archive's."""

import numpy
import torch

from ts.handler_utils.preprocess.dali import get_dali_pipeline
from ts.torch_handler.attribution import integrated_gradients
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.payloads import payload_of


class DALIHandler(BaseHandler):
    """`pipeline` makes a tensor of each picture's bytes."""

    def initialize(self, context) -> None:
        """Load the model and the pipeline."""
        super().initialize(context)
        self.pipeline = get_dali_pipeline(context)

    def preprocess(self, data):
        """Pictures' bytes → a tensor [batch, …] on the device."""
        images = [payload_of(row) for row in data]
        images = [numpy.frombuffer(one, numpy.uint8) if isinstance(one, (bytes, bytearray)) else one for one in images]
        (outputs, *_) = self.pipeline.run(source=images)
        return torch.stack([torch.tensor(outputs.at(place)) for place in range(len(images))]).to(self.device)

    def get_insights(self, tensor_data, raw_data, target=0):
        """Integrated gradients."""
        return integrated_gradients(self.model, tensor_data, target).tolist()
