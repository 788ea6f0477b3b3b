"""What a drain of nodes may take: in, a `Deployed`; out, a PodDisruptionBudget."""

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import Object, metadata, selector


def disruption_budget(deployed: Deployed) -> Object:
    """One pod at a time; a single one too, as nodes could never be drained otherwise."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(deployed),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(deployed)}},
    }
