"""A model archive's files → a model that can be called. Called by `base_handler`."""

import importlib
import logging
import os

import torch

from servescope.worker.handler.loader import last_descendants
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
    """The one class that `model_file` defines, of several that descend from each other the last, made without arguments, with
    the state dict of `weights_path`.

    Raises:
        RuntimeError: no such file.
        ValueError: no class, or more than one.
    """
    if not os.path.isfile(os.path.join(model_dir, model_file)):
        raise RuntimeError(f"Missing the model file {model_file} in {model_dir}, which the manifest names as modelFile")
    module = importlib.import_module(os.path.splitext(os.path.basename(model_file))[0])
    classes = last_descendants(list_classes_from_module(module))
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


def setup_ort_session(model_pt_path, map_location):
    """A session of onnxruntime for the file, on a GPU where `map_location` is cuda."""
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if map_location == "cuda" else []
    return onnxruntime.InferenceSession(model_pt_path, providers=[*wanted, "CPUExecutionProvider"])


class OnnxModel:
    """An ONNX model behind a torch model's call: tensors in, a tensor (or a tuple of them) out. Needs onnxruntime."""

    def __init__(self, path, map_location) -> None:
        self.session = setup_ort_session(path, map_location)

    def __getattr__(self, name):
        # Handlers call the session's own methods (`run`, `get_inputs`, …) on it, as they did in TorchServe.
        if name == "session":  # it was never made
            raise AttributeError(name)
        return getattr(self.session, name)

    def __call__(self, *tensors):
        names = [one.name for one in self.session.get_inputs()]
        arrays = [tensor.detach().cpu().numpy() for tensor in tensors]
        outputs = tuple(torch.from_numpy(one) for one in self.session.run(None, dict(zip(names, arrays, strict=True))))
        return outputs[0] if len(outputs) == 1 else outputs


def compile_model(model, pt2):
    """The model through torch.compile, as the section `pt2` of model-config.yaml says; unchanged without it.

    `pt2: inductor` names a backend; `pt2: {compile: {enable: true, backend: …, mode: …}}` gives the options, and so does
    `pt2: {backend: …, mode: …}`, TorchServe's older form. Options that torch refuses leave the model as it is, with a
    warning.

    Raises:
        ValueError: `pt2` is neither text nor a mapping.
    """
    options = _compile_options(pt2)
    if options is None or not isinstance(model, torch.nn.Module):
        return model
    if "backend" in options and not check_valid_pt2_backend(options["backend"]):
        return model
    try:
        compiled = torch.compile(model, **options)
    except Exception as error:
        logger.warning("The model is not compiled: torch.compile refuses the options %s: %s", options, error)
        return model
    # TorchServe's words, which tests and scripts look for.
    logger.info("Compiled model with %s", ", ".join(f"{name} {value}" for name, value in options.items()))
    return compiled


def _compile_options(pt2):
    """What to call torch.compile with, None where it is not asked for."""
    if isinstance(pt2, str):
        return {"backend": pt2}
    if not pt2:
        return None
    if not isinstance(pt2, dict):
        raise ValueError(f"pt2 in model-config.yaml must be a backend's name or options, not {pt2!r}")
    if "compile" in pt2:
        options = dict(pt2["compile"])
        return options if options.pop("enable", False) is True else None
    return None if "export" in pt2 else pt2
