"""`ts.torch_handler.unit_tests.test_utils.mock_context`: a context for handlers' unit tests, without a server."""

import importlib.util
import os
import uuid

from ts.metrics.metrics_store import MetricsStore
from ts.utils.util import get_yaml_config


class MockContext:
    """What `initialize` and `handle` look at: manifest, system_properties, metrics, model_yaml_config, request headers.

    A file that is None is not in the manifest. `gpu_id` counts where there is a GPU. With `explain` set, requests but the first
    have every header, which is then True, as in TorchServe.
    """

    def __init__(
        self,
        model_pt_file="model.pt",
        model_dir="ts/torch_handler/unit_tests/models/tmp",
        model_file="model.py",
        gpu_id="0",
        model_name="mnist",
        model_yaml_config_file=None,
    ) -> None:
        named = {"serializedFile": model_pt_file, "modelFile": model_file}
        self.manifest = {"model": {key: name for key, name in named.items() if name}}
        self.system_properties = {"model_dir": model_dir}
        if gpu_id and _has_gpu():
            self.system_properties["gpu_id"] = gpu_id
        self.explain = False
        self.metrics = MetricsStore(uuid.uuid4(), model_name)
        self.model_yaml_config = {}
        if model_yaml_config_file:
            self.model_yaml_config = get_yaml_config(os.path.join(model_dir, model_yaml_config_file))

    def get_request_header(self, idx, exp):
        """See the class."""
        return bool(idx and exp and self.explain)


def _has_gpu():
    """Whether PyTorch sees one; handlers may do without it."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
