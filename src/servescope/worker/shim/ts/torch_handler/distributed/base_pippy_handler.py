"""`ts.torch_handler.distributed.base_pippy_handler`: the base of handlers whose model is a pipeline of PiPPy's."""

import os

import torch

from ts.handler_utils.distributed.pt_pippy import initialize_rpc_workers
from ts.torch_handler.base_handler import BaseHandler


class BasePippyHandler(BaseHandler):
    """Joins the other ranks, as LOCAL_RANK and WORLD_SIZE of the environment say; a subclass loads the model.

    `device` is the GPU's number, None on a machine without.
    """

    def initialize(self, ctx) -> None:
        """See the class."""
        self.local_rank = int(os.environ["LOCAL_RANK"])
        self.world_size = int(os.environ["WORLD_SIZE"])
        devices = torch.cuda.device_count()
        self.device = self.local_rank % devices if devices else None
        initialize_rpc_workers(self.local_rank, self.world_size, ctx)
