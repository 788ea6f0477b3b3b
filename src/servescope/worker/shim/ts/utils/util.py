"""`ts.utils.util`: labels of classes, classes of modules, and the error with which a handler picks a status."""

import enum
import functools
import inspect
import json
import logging
import os
import re
import warnings

logger = logging.getLogger(__name__)

# A tag, or an entity in lower case, named or numbered.
CLEANUP_REGEX = re.compile("<.*?>|&(?:[a-z0-9]+|#[0-9]{1,6}|#x[0-9a-f]{1,6});")


class PredictionException(Exception):
    """Raised by a handler to answer with `error_code` (HTTP; 413 becomes 507) and `message`."""

    def __init__(self, message, error_code=500) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code

    def __str__(self) -> str:
        return f"{self.message} : {self.error_code}"


class PT2Backend(enum.StrEnum):
    """Names of backends of torch.compile that TorchServe knows; torch itself may know more."""

    EAGER = "eager"
    AOT_EAGER = "aot_eager"
    INDUCTOR = "inductor"
    AOT_CUDAGRAPHS = "aot_cudagraphs"
    CUDAGRAPHS = "cudagraphs"
    ONNXRT = "onnxrt"
    IPEX = "ipex"
    OPENVINO = "openvino"
    TENSORRT = "tensorrt"
    TORCHXLA_TRACE_ONCE = "torchxla_trace_once"
    HPU_BACKEND = "hpu_backend"


def check_valid_pt2_backend(backend: str) -> bool:
    """Whether `backend` is one of `PT2Backend`; logged where it is not."""
    known = any(backend == one.value for one in PT2Backend)
    if not known:
        logger.warning("%s is not a supported backend", backend)
    return known


def list_classes_from_module(module, parent_class=None):
    """The classes that `module` itself defines, or of those the subclasses of `parent_class`, in order of name."""
    own = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    return [one for one in own if parent_class is None or issubclass(one, parent_class)]


def load_label_mapping(mapping_file_path):
    """index_to_name.json → {class number as text: label}; None with a warning where there is no such file.

    A value may be a list, whose last element is the label; `{"object_type_names": [...]}` is numbered from 0.

    Raises:
        ValueError: another form.
    """
    if not os.path.isfile(mapping_file_path):
        logger.warning("%s is missing: answers name classes by their number", mapping_file_path)
        return None
    with open(mapping_file_path, encoding="utf-8") as file:
        mapping = json.load(file)
    if isinstance(mapping, dict) and "object_type_names" in mapping:
        names = mapping["object_type_names"]
        mapping = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(mapping, dict):
        raise ValueError(f"{mapping_file_path}: must be a JSON object of class number to label, not {mapping!r}")
    return {str(key): _label(key, value, mapping_file_path) for key, value in mapping.items()}


def _label(key, value, path):
    label = value[-1] if isinstance(value, list) and value else value
    if not isinstance(label, str):
        raise ValueError(f"{path}: the label of class {key} must be text or a list of texts, not {value!r}")
    return label


def map_class_to_label(probs, mapping=None, lbl_classes=None):
    """Probabilities of each row → [{label: probability}], in the row's order.

    `lbl_classes` holds each probability's class number, its place in the row where it is None.

    Raises:
        TypeError: `probs` is no list of lists.
    """
    if not isinstance(probs, list):
        raise TypeError(f"probabilities must be a list of lists, not {type(probs).__name__}")
    answers = []
    for place, row in enumerate(probs):
        classes = range(len(row)) if lbl_classes is None else lbl_classes[place]
        names = [str(number) for number in classes]
        labels = [mapping.get(name, name) for name in names] if mapping else names
        answers.append(dict(zip(labels, row, strict=False)))
    return answers


def get_yaml_config(yaml_file_path):
    """A YAML file's contents, {} for an empty one."""
    import yaml

    with open(yaml_file_path, encoding="utf-8") as file:
        return yaml.safe_load(file) or {}


def deprecated(version, replacement="", klass=PendingDeprecationWarning):
    """Decorate a function that left in `version` for `replacement`: each call warns with `klass`."""

    def deprecator(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            warnings.warn(f"{func.__name__} is deprecated in {version} and moved to {replacement}", klass, stacklevel=2)
            return func(*args, **kwargs)

        return wrapper

    return deprecator
