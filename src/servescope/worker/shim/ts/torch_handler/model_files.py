"""A model archive's files → a model that can be called. Called by `base_handler`."""

import importlib
import logging
import os

import torch

from ts.utils.util import check_valid_pt2_backend, list_classes_from_module

logger = logging.getLogger(__name__)


def require_file(path, manifest) -> None:
    """Raise RuntimeError, naming what the manifest lacks, unless `path` is a file."""
    if path is None:
        model = manifest.get("model", {})
        raise RuntimeError(f"Missing the model file: the manifest has no serializedFile and no modelFile: {model}")
    if not os.path.isfile(path):
        raise RuntimeError(f"Missing the model file {path}, which the manifest names as serializedFile")


def load_eager(model_dir, model_file, weights_path, map_location):
    """The one class that `model_file` defines, made without arguments, with the state dict of `weights_path`.

    Raises:
        RuntimeError: no such file.
        ValueError: no class, or more than one.
    """
    if not os.path.isfile(os.path.join(model_dir, model_file)):
        raise RuntimeError(f"Missing the model file {model_file} in {model_dir}, which the manifest names as modelFile")
    module = importlib.import_module(os.path.splitext(os.path.basename(model_file))[0])
    classes = list_classes_from_module(module)
    if len(classes) != 1:
        names = ", ".join(one.__name__ for one in classes) or "none"
        raise ValueError(f"Expected only one class as model definition in {model_file}, found {names}")
    model = classes[0]()
    if weights_path:
        if not os.path.isfile(weights_path):
            raise RuntimeError(f"Missing the model file {weights_path}, which the manifest names as serializedFile")
        model.load_state_dict(torch.load(weights_path, map_location=map_location, weights_only=True))
    return model


def load_exported(path, device):
    """A program that torch.export and AOTInductor compiled: a package (.pt2) or a shared library (.so)."""
    if path.endswith(".pt2"):
        return torch._inductor.aoti_load_package(path)
    return torch._export.aot_load(path, device.type)


class OnnxModel:
    """An ONNX model behind a torch model's call: tensors in, a tensor (or a tuple of them) out. Needs onnxruntime."""

    def __init__(self, path, map_location) -> None:
        import onnxruntime

        wanted = ["CUDAExecutionProvider"] if map_location == "cuda" else []
        self.session = onnxruntime.InferenceSession(path, providers=[*wanted, "CPUExecutionProvider"])

    def run(self, *args, **kwargs):
        """The session's own `run`, for handlers that call it as they did in TorchServe."""
        return self.session.run(*args, **kwargs)

    def get_inputs(self):
        """The session's inputs."""
        return self.session.get_inputs()

    def __call__(self, *tensors):
        names = [one.name for one in self.session.get_inputs()]
        arrays = [tensor.detach().cpu().numpy() for tensor in tensors]
        outputs = tuple(torch.from_numpy(one) for one in self.session.run(None, dict(zip(names, arrays, strict=True))))
        return outputs[0] if len(outputs) == 1 else outputs


def compile_model(model, pt2):
    """The model through torch.compile, as the section `pt2` of model-config.yaml says; unchanged without it.

    `pt2: inductor` names a backend; `pt2: {compile: {enable: true, backend: …, mode: …}}` gives the options.
    """
    options = {"enable": True, "backend": pt2} if isinstance(pt2, str) else (pt2 or {}).get("compile", {})
    options = dict(options)
    if options.pop("enable", False) is not True or not isinstance(model, torch.nn.Module):
        return model
    if "backend" in options and not check_valid_pt2_backend(options["backend"]):
        return model
    logger.info("The model is compiled with torch.compile, options %s", options)
    return torch.compile(model, **options)
