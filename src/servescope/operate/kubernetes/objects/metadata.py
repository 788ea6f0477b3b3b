"""What all objects of a Deployment share: in, a `Deployed`; out, names, labels and annotations, and what selects its pods."""

import json
from typing import Any, Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.names import is_label_value

Object = dict[str, Any]
APP: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
# The job under which the alerts of `servescope prometheus` look for servers.
JOB: Final = "servescope"


def metadata(deployed: Deployed, suffix: str = "") -> Object:
    """Of an object of its own namespace. `suffix` follows the Deployment's name."""
    return {
        "name": deployed.name + suffix,
        "namespace": deployed.options.namespace,
        "labels": labels(deployed),
        "annotations": {
            "servescope/models": json.dumps([one.model.name for one in deployed.models], ensure_ascii=False)
        },
    }


def labels(deployed: Deployed) -> dict[str, str]:
    """What it is, and of one model whose name can be a label's value, which."""
    found = selector(deployed)
    (first, *others) = deployed.models
    if not others and is_label_value(first.model.name):
        found["servescope/model"] = first.model.name
    return found


def selector(deployed: Deployed) -> dict[str, str]:
    """The labels that tell its pods from all others."""
    return {APP: JOB, INSTANCE: deployed.name}


def target(deployed: Deployed) -> dict[str, str]:
    """What is scaled."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployed.name}
