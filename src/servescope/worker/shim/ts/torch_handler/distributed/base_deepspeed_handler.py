"""`ts.torch_handler.distributed.base_deepspeed_handler`: the base of handlers whose model runs in DeepSpeed."""

import os

from ts.torch_handler.base_handler import BaseHandler


class BaseDeepSpeedHandler(BaseHandler):
    """`device` is this process's rank on its machine; a subclass loads the model, and gives it to `get_ds_engine`."""

    def initialize(self, ctx) -> None:
        """See the class."""
        self.device = int(os.getenv("LOCAL_RANK", "0"))
