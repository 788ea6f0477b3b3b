"""How clients reach the pods: in, a `Deployed`; out, a Service, and a NetworkPolicy that lets nobody in elsewhere."""

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.objects.metadata import Object, metadata, selector


def service(deployed: Deployed) -> Object:
    """The inference port; the metrics port too where Prometheus finds pods by their Service."""
    ports = {"inference": deployed.ports.inference}
    if deployed.options.monitor == "service":
        ports["metrics"] = deployed.ports.metrics
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(deployed),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(deployed),
            "ports": [{"name": name, "port": port, "targetPort": name} for name, port in ports.items()],
        },
    }


def network_policy(deployed: Deployed) -> Object:
    """Whoever reaches the pods reaches two ports of them: inference and metrics, probes included."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(deployed),
        "spec": {
            "podSelector": {"matchLabels": selector(deployed)},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": "inference", "protocol": "TCP"}, {"port": "metrics", "protocol": "TCP"}]}],
        },
    }
