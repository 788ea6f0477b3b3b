"""Probes: in, a `Deployed`; out, what the kubelet asks. On the metrics port, which is reached from the pod's node, keeps
descriptors for such questions, and shows clients nothing.
"""

import math
from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import Object

_PERIOD_S: Final = 5


def probes(deployed: Deployed) -> Object:
    """Until it is ready for the first time nothing but that is asked; a model that never loads restarts the container, then."""
    return {
        "startupProbe": {
            **_asking("/readyz"),
            "periodSeconds": _PERIOD_S,
            "timeoutSeconds": 5,
            "failureThreshold": math.ceil(deployed.startup_s / _PERIOD_S),
        },
        "readinessProbe": {
            **_asking("/readyz"),
            "periodSeconds": _PERIOD_S,
            "timeoutSeconds": 5,
            "failureThreshold": 2,
        },
        "livenessProbe": {**_asking("/livez"), "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
    }


def _asking(path: str) -> Object:
    return {"httpGet": {"path": path, "port": "metrics"}}
