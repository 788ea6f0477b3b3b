"""The folder of manifests: in, Deployments; out, the text of each file by its path in the folder.

`server/` is what is always applied; `hpa/` and `keda/` are alternatives. Every .yaml is one Kubernetes object. Called by
`servescope kubernetes`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from servescope.operate.kubernetes.deployed import Deployed, Figures
from servescope.operate.kubernetes.figures import lines
from servescope.operate.kubernetes.image import dockerfile
from servescope.operate.kubernetes.objects.adapter import adapter_rules
from servescope.operate.kubernetes.objects.config import config_map
from servescope.operate.kubernetes.objects.deployment import deployment
from servescope.operate.kubernetes.objects.disruption import disruption_budget
from servescope.operate.kubernetes.objects.metadata import Object
from servescope.operate.kubernetes.objects.monitor import monitor
from servescope.operate.kubernetes.objects.scaling import horizontal_autoscaler, scaled_object
from servescope.operate.kubernetes.objects.service import network_policy, service
from servescope.operate.kubernetes.readme import readme
from servescope.operate.yaml_text import yaml_text

# By which a file is known as one that may be written over.
MARK: Final = "Written by `servescope kubernetes`"
FOLDERS: Final = ("server", "hpa", "keda")
# What the numbers of an object follow from.
_FIGURES: Final[Mapping[str, Callable[[Deployed], Figures]]] = {
    "ConfigMap": lambda deployed: deployed.configuration_figures,
    "Deployment": lambda deployed: deployed.pod_figures,
    "HorizontalPodAutoscaler": lambda deployed: deployed.scaling_figures,
    "ScaledObject": lambda deployed: (*deployed.scaling_figures, deployed.prometheus),
}


def kubernetes_files(deployments: Sequence[Deployed], url: str | None) -> dict[str, str]:
    """All files. `url`: the server that was measured, if one was."""
    files = {
        "README.md": f"<!-- {MARK} -->\n\n{readme(deployments, url)}",
        "Dockerfile": f"# {MARK}\n{dockerfile(deployments)}",
        "hpa/adapter-rules.yaml": _header([]) + yaml_text(adapter_rules(deployments)),
    }
    for one in deployments:
        before = f"{one.name}-" if len(deployments) > 1 else ""
        for folder, kind in _objects(one):
            figures = _FIGURES[kind["kind"]](one) if kind["kind"] in _FIGURES else ()
            files[f"{folder}/{before}{_file_name(kind)}"] = _header(lines(figures)) + yaml_text(kind)
    return files


def _objects(deployed: Deployed) -> Iterator[tuple[str, Object]]:
    for found in (config_map, deployment, service, disruption_budget, network_policy, monitor):
        if (one := found(deployed)) is not None:
            yield "server", one
    yield "hpa", horizontal_autoscaler(deployed)
    yield "keda", scaled_object(deployed)


def _file_name(found: Object) -> str:
    return f"{found['kind'].lower()}.yaml"


def _header(comments: Sequence[str]) -> str:
    lines = [f"{MARK}, which writes it anew with --force.", *comments]
    return "".join(f"# {line}\n" for line in lines)
