"""Whole OpenAPI documents, put together from the path modules. A version or a model in, a dict ready for JSON out.

Called through the package by `web`. A document costs a few milliseconds to build, so callers keep what they use again.
"""

from copy import deepcopy
from urllib.parse import quote

from servescope.web.openapi.inference import inference_paths, metrics_paths, model_paths
from servescope.web.openapi.management import management_paths, model_management_paths
from servescope.web.openapi.parts import Json, description_paths
from servescope.web.openapi.probes import probe_paths
from servescope.web.openapi.schemas import schemas
from servescope.web.openapi.workflows import workflow_inference_paths, workflow_management_paths

_TITLE = "Servescope APIs"
_DESCRIPTION = "Servescope serves PyTorch models behind TorchServe's APIs and measures every request."


def inference_document(version: str) -> Json:
    """The inference port's API. `version` is the server's."""
    return port_document(version, inference=True)


def management_document(version: str) -> Json:
    """The management port's API."""
    return port_document(version, management=True)


def metrics_document(version: str) -> Json:
    """The metrics port's API."""
    return port_document(version, metrics=True)


def port_document(
    version: str,
    *,
    inference: bool = False,
    management: bool = False,
    metrics: bool = False,
    console: bool = False,  # noqa: ARG001  # which is for people: what it answers is no API that others should rely on
) -> Json:
    """The API of a port that has one or, where addresses are shared, several of the three parts."""
    paths = description_paths() | probe_paths()
    if inference:
        paths |= inference_paths() | workflow_inference_paths()
    if management:
        paths |= management_paths() | workflow_management_paths()
    if metrics:
        paths |= metrics_paths()
    return _document(_TITLE, _DESCRIPTION, version, paths)


def model_document(model_name: str, model_version: str) -> Json:
    """What `OPTIONS` on a predict path answers: how to ask this model."""
    text = f"How to ask the model {model_name}."
    paths = model_paths(model_name, quote(model_name, safe=""))
    return _document(f"RESTful API for: {model_name}", text, model_version, paths)


def model_management_document(model_name: str, version: str) -> Json:
    """What `OPTIONS /models/{model_name}` answers on the management port. `version` is the server's."""
    text = f"How to manage the model {model_name}."
    return _document(f"RESTful Management API for: {model_name}", text, version, model_management_paths())


def _document(title: str, description: str, version: str, paths: Json) -> Json:
    bearer = {"type": "http", "scheme": "bearer", "description": "A key from the server's key_file.json."}
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "description": description, "version": version},
        # The parameters are the modules' own; a caller may do with its document what it likes.
        "paths": deepcopy(paths),
        "components": {"schemas": schemas(), "securitySchemes": {"token": bearer}},
    }
