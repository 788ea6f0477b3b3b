"""How Prometheus finds the pods, by the Prometheus Operator: in, a `Deployed`; out, a PodMonitor or a ServiceMonitor.

One of them: pods that are found twice are counted twice. Fields are those of `monitoring.coreos.com/v1`.
"""

from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import APP, INSTANCE, Object, metadata, selector
from servescope.operate.kubernetes.queries import DEPLOYMENT

# `queries` looks a minute back.
INTERVAL: Final = "15s"


def monitor(deployed: Deployed) -> Object | None:
    """By what `monitor` of the options says; None for none."""
    asked = deployed.options.monitor
    if asked == "none":
        return None
    pods = asked == "pod"
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor" if pods else "ServiceMonitor",
        "metadata": metadata(deployed),
        "spec": {
            # The label's value is the job, for which the alerts of `servescope prometheus` look.
            "jobLabel": APP,
            "selector": {"matchLabels": selector(deployed)},
            "podMetricsEndpoints" if pods else "endpoints": [_endpoint()],
        },
    }


def _endpoint() -> Object:
    """The operator adds `namespace` and `pod` by itself."""
    label = INSTANCE.replace(".", "_").replace("/", "_")
    return {
        "port": "metrics",
        "path": "/metrics",
        "interval": INTERVAL,
        "relabelings": [
            {"sourceLabels": [f"__meta_kubernetes_pod_label_{label}"], "targetLabel": DEPLOYMENT, "action": "replace"}
        ],
    }
