"""`ts.torch_handler.base_handler`: loads a model and takes batches through preprocess, inference and postprocess.

Handlers in archives subclass it and override the stages; a manifest may name it as it is. Method and attribute names,
and what each manifest leads to, are TorchServe's.
"""

import os
import time

import torch

from ts.handler_utils.timer import is_profiled, measure, timed
from ts.torch_handler import availability, model_files
from ts.torch_handler.devices import pick_device
from ts.torch_handler.model_files import setup_ort_session
from ts.torch_handler.payloads import payload_of
from ts.torch_handler.profiling import run_profiled
from ts.utils.util import check_valid_pt2_backend, list_classes_from_module, load_label_mapping

# Handlers import the helpers from here too, as TorchServe's file has them.
__all__ = [
    "BaseHandler",
    "check_valid_pt2_backend",
    "list_classes_from_module",
    "load_label_mapping",
    "setup_ort_session",
]


def __getattr__(name):
    """`ONNX_AVAILABLE` and its like, looked up when a handler asks."""
    return availability.flag(name, __name__)


class BaseHandler:
    """One model on one device. `initialize` is called once, `handle` for every batch."""

    def __init__(self) -> None:
        self.model = None
        self.mapping = None
        self.device = None
        self.initialized = False
        self.context = None
        self.model_pt_path = None
        self.manifest = None
        self.map_location = None
        self.model_yaml_config = None
        self.explain = False
        self.target = 0
        self.profiler_args = {}

    def initialize(self, context) -> None:
        """Load what the manifest names: an eager model (modelFile), TorchScript, an exported program, or ONNX.

        Raises:
            RuntimeError: the manifest names no model, or its file is missing.
        """
        properties = context.system_properties
        model_dir = properties.get("model_dir")
        self.context = context
        self.manifest = context.manifest
        self.model_yaml_config = context.model_yaml_config or {}
        self.device = self.get_device()
        self.map_location = self.device.type
        named = self.manifest.get("model", {})
        if named.get("serializedFile"):
            self.model_pt_path = os.path.join(model_dir, named["serializedFile"])
        self.model = self._load(model_dir, named.get("modelFile"))
        self.model = model_files.compile_model(self.model, self.model_yaml_config.get("pt2"))
        self.mapping = load_label_mapping(os.path.join(model_dir, "index_to_name.json"))
        self.initialized = True

    def _load(self, model_dir, model_file):
        if model_file:
            model = self._load_pickled_model(model_dir, model_file, self.model_pt_path)
            return model.to(self.device).eval()
        model_files.require_file(self.model_pt_path, self.manifest)
        suffix = os.path.splitext(self.model_pt_path)[1]
        if suffix in (".so", ".pt2"):
            return self._load_torch_export_aot_compile(self.model_pt_path)
        if suffix == ".onnx":
            return model_files.OnnxModel(self.model_pt_path, self.map_location)
        model = self._load_torchscript_model(self.model_pt_path)
        model.eval()
        return model

    def _load_torch_export_aot_compile(self, model_so_path):
        return model_files.load_exported(model_so_path, self.device)

    def _load_torchscript_model(self, model_pt_path):
        return torch.jit.load(model_pt_path, map_location=self.device)

    def _load_pickled_model(self, model_dir, model_file, model_pt_path):
        """The one class of `model_file`, with the state dict of `model_pt_path` where there is one."""
        return model_files.load_eager(model_dir, model_file, model_pt_path, self.map_location)

    def get_device(self):
        """The device of this worker's `gpu_id`, else whatever accelerator there is, else the CPU."""
        return pick_device(self.context.system_properties.get("gpu_id") if self.context else None)

    @timed
    def preprocess(self, data):
        """Rows → a tensor on the device. Rows that are dicts are taken by their field `data`, else `body`."""
        values = [payload_of(row) for row in data] if isinstance(data, list) else data
        return torch.as_tensor(values, device=self.device)

    @timed
    def inference(self, data, *args, **kwargs):
        """Tensor → the model's output, without gradients."""
        with torch.inference_mode():
            return self.model(data.to(self.device), *args, **kwargs)

    @timed
    def postprocess(self, data):
        """The model's output → one plain list or number a request."""
        return data.tolist()

    def handle(self, data, context):
        """One batch: rows → outputs. Writes the gauge HandlerTime in ms."""
        started = time.perf_counter()
        self.context = context
        if os.environ.get("ENABLE_TORCH_PROFILER"):
            output, _ = self._infer_with_profiler(data)
        elif self._is_describe():
            output = [self.describe_handle()]
        else:
            output = self._run(data)
        context.metrics.add_time("HandlerTime", round((time.perf_counter() - started) * 1000, 2), None, "ms")
        return output

    def _run(self, data):
        ready = self._stage("preprocess", self.preprocess, data)
        if self._is_explain():
            return self.explain_handle(ready, data)
        return self._stage("postprocess", self.postprocess, self._stage("inference", self.inference, ready))

    def _stage(self, name, method, data):
        # A subclass's stage need not be decorated with `timed` to be measured.
        started = time.perf_counter()
        try:
            if not is_profiled(self.context):
                return method(data)
            return measure(self.context, name, lambda: method(data))
        finally:
            seconds = getattr(self.context, "stage_seconds", None)
            if seconds is not None:  # a test's own context may have none
                seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started

    def _infer_with_profiler(self, data):
        """The outputs, and the torch profiler that watched; its trace is written to the temporary directory."""
        return run_profiled(lambda: self._run(data), self.profiler_args, self._model_name())

    def _model_name(self):
        """The archive's, else the context's; "" where a test's own context has none."""
        manifest = self.manifest or self.context.manifest or {}
        return manifest.get("model", {}).get("modelName") or getattr(self.context, "model_name", "")

    def explain_handle(self, data_preprocess, raw_data):
        """What `get_insights` says about the first request, for the class in its field `target`, else 0."""
        row = raw_data[0]
        fields = row if isinstance(row, dict) else {}
        target = fields.get("target") or 0
        if isinstance(target, (str, bytes, bytearray)):  # from a form
            target = int(target)
        return self.get_insights(data_preprocess, payload_of(row), target)

    def get_insights(self, tensor_data, raw_data, target=0):
        """Explain a prediction; handlers that can do so override it."""
        raise NotImplementedError(f"{type(self).__name__} has no get_insights, so it cannot explain its predictions")

    def describe_handle(self):
        """What GET /models/{m}?customized=true shows: a dict. Handlers that have something to say override it."""
        return {}

    def _is_explain(self) -> bool:
        return bool(self.context) and self.context.get_request_header(0, "explain") == "True"

    def _is_describe(self) -> bool:
        return bool(self.context) and self.context.get_request_header(0, "describe") == "True"
