"""OpenAPI 3.0.1 descriptions of the three ports and of one model, as plain dicts.

Called by `web` for `OPTIONS /`, `/api-description` and `OPTIONS` on a model.

Operation ids are those that TorchServe's descriptions use (`predictions`, `registerModel`, …), so that generated
clients keep their method names. Where TorchServe gives one id to several paths, which OpenAPI forbids, the id stays
with the path most used and the others get their own.
"""

from servescope.web.openapi.documents import (
    inference_document,
    management_document,
    metrics_document,
    model_document,
    model_management_document,
    port_document,
)

__all__ = [
    "inference_document",
    "management_document",
    "metrics_document",
    "model_document",
    "model_management_document",
    "port_document",
]
