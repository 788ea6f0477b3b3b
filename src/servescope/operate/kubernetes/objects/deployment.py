"""The Deployment: in, a `Deployed`; out, pods that run `servescope start`, hardened, with a rollout that loses no request.

It has no `replicas`: the autoscaler sets them, or `kubectl scale`, and another apply must not set them back.
"""

import hashlib
from typing import Final

from servescope.operate.kubernetes.deployed import PRE_STOP_S, Deployed
from servescope.operate.kubernetes.objects.config import FILE, STORE, properties
from servescope.operate.kubernetes.objects.metadata import INSTANCE, Object, labels, metadata, selector
from servescope.operate.kubernetes.objects.probes import probes

USER: Final = 10001
KEYS: Final = "/run/servescope"
_CONFIG: Final = "/etc/servescope"
_LOGS: Final = "/logs"
_TEMP: Final = "/tmp"
_GPU: Final = "nvidia.com/gpu"
# TorchServe's five logs, which are rolled over at 100 MB, with five old ones each.
_LOGS_SIZE: Final = "4Gi"


def deployment(deployed: Deployed) -> Object:
    """The object."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(deployed),
        "spec": {
            "selector": {"matchLabels": selector(deployed)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "progressDeadlineSeconds": deployed.startup_s + 600,
            "template": {"metadata": _pod_metadata(deployed), "spec": _pod(deployed)},
        },
    }


def arguments(deployed: Deployed) -> list[str]:
    """Of the container. A `$` is written twice, as Kubernetes takes `$(NAME)` for a variable."""
    on_claim = deployed.options.claim is not None
    models = [one.model.option(on_claim=on_claim) for one in deployed.models]
    return [word.replace("$", "$$") for word in ("start", "--ncs", f"--ts-config={_CONFIG}/{FILE}", *models)]


def _pod_metadata(deployed: Deployed) -> Object:
    """A changed configuration is another template, so that it is rolled out."""
    digest = hashlib.sha256(properties(deployed).encode()).hexdigest()
    return {
        "labels": labels(deployed),
        "annotations": {**metadata(deployed)["annotations"], "servescope/config-sha256": digest},
    }


def _pod(deployed: Deployed) -> Object:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": deployed.grace_s,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {INSTANCE: deployed.name}},
            }
        ],
        **(
            {"tolerations": [{"key": _GPU, "operator": "Exists", "effect": "NoSchedule"}]}
            if deployed.gpus.value
            else {}
        ),
        "containers": [_container(deployed)],
        "volumes": _volumes(deployed),
    }


def _container(deployed: Deployed) -> Object:
    return {
        "name": "servescope",
        "image": deployed.image.value,
        "args": arguments(deployed),
        "workingDir": KEYS,
        "env": [
            {"name": "LOG_LOCATION", "value": _LOGS},
            {"name": "METRICS_LOCATION", "value": _LOGS},
            {"name": "TEMP", "value": _TEMP},
            {"name": "HOME", "value": _TEMP},
        ],
        "ports": [
            {"name": "inference", "containerPort": deployed.ports.inference},
            {"name": "metrics", "containerPort": deployed.ports.metrics},
        ],
        **probes(deployed),
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(PRE_STOP_S)]}}},
        "resources": _resources(deployed),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": _mounts(deployed),
    }


def _resources(deployed: Deployed) -> Object:
    """No limit on processors, which would only make a pod wait while its node idles; memory has one, as the kernel ends what takes
    more than there is.
    """
    memory = f"{deployed.memory_mib}Mi"
    gpus = {_GPU: str(int(deployed.gpus.value))} if deployed.gpus.value else {}
    return {
        "requests": {"cpu": f"{deployed.millicores}m", "memory": memory, **gpus},
        "limits": {"memory": memory, **gpus},
    }


def _mounts(deployed: Deployed) -> list[Object]:
    on_claim = {"readOnly": True} if deployed.options.claim is not None else {}
    return [
        {"name": "config", "mountPath": _CONFIG, "readOnly": True},
        {"name": "model-store", "mountPath": STORE, **on_claim},
        {"name": "logs", "mountPath": _LOGS},
        {"name": "temp", "mountPath": _TEMP},
        {"name": "keys", "mountPath": KEYS},
    ]


def _volumes(deployed: Deployed) -> list[Object]:
    """All that is written to: archives that are fetched, logs, unpacked archives, and the key file, if there are keys."""
    claim = deployed.options.claim
    store: Object = {"emptyDir": {}}
    if claim is not None:
        store = {"persistentVolumeClaim": {"claimName": claim, "readOnly": True}}
    return [
        {"name": "config", "configMap": {"name": metadata(deployed, "-config")["name"]}},
        {"name": "model-store", **store},
        {"name": "logs", "emptyDir": {"sizeLimit": _LOGS_SIZE}},
        {"name": "temp", "emptyDir": {}},
        {"name": "keys", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
