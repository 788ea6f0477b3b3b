"""Autoscalers, which are alternatives: in, a `Deployed`; out, a HorizontalPodAutoscaler, or KEDA's ScaledObject, which makes one.

Both keep the requests in hand a worker at the same target, and the number of pods where there are no numbers.
"""

from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import Object, metadata, target
from servescope.operate.kubernetes.objects.monitor import INTERVAL
from servescope.operate.kubernetes.queries import metric_name, work_query

# As in Kubernetes: down to the highest that was wanted for so long.
_STEADY_S: Final = 300
# What Kubernetes takes for a period.
_MOST_S: Final = 1800


def horizontal_autoscaler(deployed: Deployed) -> Object:
    """On the custom metric that the adapter's rules make."""
    value = f"{max(1, round(1000 * deployed.target.value))}m"
    several = deployed.several_at_once
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(deployed),
        "spec": {
            "scaleTargetRef": target(deployed),
            "minReplicas": int(deployed.least.value),
            "maxReplicas": int(deployed.most.value),
            "metrics": [
                {
                    "type": "Pods",
                    "pods": {
                        "metric": {"name": metric_name(several_at_once=several)},
                        "target": {"type": "AverageValue", "averageValue": value},
                    },
                }
            ],
            "behavior": _behavior(deployed),
        },
    }


def scaled_object(deployed: Deployed) -> Object:
    """On a query to Prometheus. Where that has lost the pods KEDA reports an error, and their number stays."""
    options = deployed.options
    query = work_query(options.namespace, deployed.name, several_at_once=deployed.several_at_once)
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(deployed),
        "spec": {
            "scaleTargetRef": target(deployed),
            "pollingInterval": int(INTERVAL.removesuffix("s")),
            "minReplicaCount": int(deployed.least.value),
            "maxReplicaCount": int(deployed.most.value),
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(deployed)}},
            "triggers": [
                {
                    "type": "prometheus",
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": deployed.prometheus.value,
                        "query": str(query),
                        "threshold": f"{deployed.target.value:g}",
                        "ignoreNullValues": "false",
                    },
                }
            ],
        },
    }


def _behavior(deployed: Deployed) -> Object:
    """Up by no more than twice in the time that a pod takes to load, as those that load are no help yet."""
    period = min(_MOST_S, max(15, deployed.load_s))
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": period},
                {"type": "Pods", "value": 2, "periodSeconds": period},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": _STEADY_S,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        },
    }
