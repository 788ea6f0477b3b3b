"""prometheus-adapter's rules, which make the custom metric of a HorizontalPodAutoscaler: in, the Deployments; out, a ConfigMap.

It is for the adapter's own configuration; a cluster that only applies it has no metric yet.
"""

from collections.abc import Sequence
from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import APP, JOB, Object
from servescope.operate.kubernetes.queries import adapter_query, metric_name
from servescope.operate.yaml_text import yaml_text

NAME: Final = "servescope-adapter-rules"


def adapter_rules(deployments: Sequence[Deployed]) -> Object:
    """One rule for each of the metrics that the autoscalers ask for."""
    kinds = sorted({one.several_at_once for one in deployments})
    rules = [_rule(several_at_once=several) for several in kinds]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": deployments[0].options.namespace, "labels": {APP: JOB}},
        "data": {"config.yaml": yaml_text({"rules": rules})},
    }


def _rule(*, several_at_once: bool) -> Object:
    query = adapter_query(several_at_once=several_at_once)
    return {
        "seriesQuery": query.series,
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"matches": f"^{query.family}$", "as": metric_name(several_at_once=several_at_once)},
        "metricsQuery": query.query,
    }
