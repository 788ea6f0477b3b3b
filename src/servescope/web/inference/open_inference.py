"""The Open Inference Protocol's server routes under /v2, on where `ts_open_inference_protocol` is set. Pure.

Its predict routes, /v2/models/{model}/infer and explain, are the inference API's own.
"""

from typing import Any

from servescope import __version__


def answer_open_inference(path: str, *, ready: bool) -> tuple[int, dict[str, Any]]:
    """Status and JSON for a path under /v2. `extenstion` is the protocol as TorchServe spells it. `ready`: whether what is asked
    for is, the server or the model that the path names.
    """
    if "/versions" in path:
        return 501, {"error": "Model versioning is not yet supported."}
    match path.rstrip("/"):
        case "/v2":
            return 200, {"name": "Torchserve", "version": __version__, "extenstion": ["kserve", "kubeflow"]}
        case "/v2/health/live":
            return 200, {"live": True}
        case readiness if readiness.endswith("/ready"):
            return 200 if ready else 503, {"ready": ready}
    return 404, {"error": f"There is no {path} in the Open Inference Protocol."}
