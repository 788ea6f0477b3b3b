"""The server's configuration on a cluster: in, a `Deployed`; out, a ConfigMap with config.properties."""

import json
from typing import Final

import javaproperties

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import Object, metadata

FILE: Final = "config.properties"
STORE: Final = "/models"


def config_map(deployed: Deployed) -> Object:
    """`config.properties`, by which a pod's server is started."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(deployed, "-config"),
        "data": {FILE: properties(deployed)},
    }


def properties(deployed: Deployed) -> str:
    """The file's text. The management API listens on the pod's own loopback: `kubectl port-forward` reaches it, nobody else."""
    ports = deployed.ports
    settings = {
        "inference_address": f"http://0.0.0.0:{ports.inference}",
        "management_address": f"http://127.0.0.1:{ports.management}",
        "metrics_address": f"http://0.0.0.0:{ports.metrics}",
        "model_store": STORE,
        "shutdown_timeout": str(deployed.drain_s),
        "disable_token_authorization": "false" if deployed.tokens.value else "true",
        # A pod sees all processors and GPUs of its node, or less: how many workers it has must not depend on the node.
        "default_workers_per_model": str(deployed.options.workers or 1),
        **_measured_workers(deployed),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _measured_workers(deployed: Deployed) -> dict[str, str]:
    """As many workers as were measured, of models whose version is known."""
    models = {
        one.model.name: {
            one.measured.version: {"minWorkers": int(one.workers.value), "maxWorkers": int(one.workers.value)}
        }
        for one in deployed.models
        if one.measured.version is not None and one.workers.origin == "measured"
    }
    # `$$NAME$$` would be taken for a variable of the environment.
    text = json.dumps(models).replace("$", r"\u0024")
    return {"models": javaproperties.escape(text)} if models else {}
