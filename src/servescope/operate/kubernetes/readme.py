"""What the folder is and how it comes onto a cluster: in, Deployments; out, README.md.

Names of models stand in code blocks only, where no character has a meaning.
"""

from collections.abc import Sequence
from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.figures import lines
from servescope.operate.kubernetes.image import local_archives

_APPLY: Final = """\
# Models on Kubernetes

## Apply

    kubectl apply -f server

Then **one** of the two autoscalers, or none. Both at once would fight over the number of pods, so never `kubectl apply -R`:

    kubectl apply -f hpa     # a HorizontalPodAutoscaler, for clusters with prometheus-adapter
    kubectl apply -f keda    # a ScaledObject, for clusters with KEDA

The rules in hpa/adapter-rules.yaml take effect once the adapter has them: add them to its own configuration. KEDA asks Prometheus
at {prometheus}.

The Deployments do not say how many pods there are, so that applying them again sets nothing back. Without an autoscaler:

{scale}
"""
_IMAGE: Final = """\
## Build the image

    pip wheel --no-deps -w wheels PATH-OF-THE-CHECKOUT
    docker build -t {image} .
    docker push {image}
"""


def readme(deployments: Sequence[Deployed], url: str | None) -> str:
    """Its text. `url`: the server that was measured."""
    first = deployments[0]
    scale = "\n".join(
        f"    kubectl -n {one.options.namespace} scale deployment/{one.name} --replicas={one.least.shown}"
        for one in deployments
    )
    parts = [
        _APPLY.format(prometheus=first.prometheus.value, scale=scale),
        _IMAGE.format(image=first.image.value) + _archives(deployments),
        *map(_sizes, deployments),
        _origin(url),
    ]
    return "\n".join(parts)


def _archives(deployments: Sequence[Deployed]) -> str:
    models = [one.model for each in deployments for one in each.models]
    claim = deployments[0].options.claim
    where = "\nNo archive is in the image: all of them are fetched when a pod starts.\n"
    if claim is not None:
        files = [(one.archive, one.name) for one in models]
        where = f"\nThe claim `{claim}` has these archives, and is mounted read-only:\n\n{_table(files)}"
    elif found := local_archives(deployments):
        where = f"\nBefore that, these archives belong into `archives/`:\n\n{_table(found)}"
    unnamed = "".join(f"    {one.name}\n" for one in models if not one.named_at_start)
    return where + (
        f"\nA start cannot be given these names, so the archives must have them:\n\n{unnamed}" if unnamed else ""
    )


def _sizes(deployed: Deployed) -> str:
    sizes = "".join(f"    {line}\n" for line in lines(deployed.figures))
    objectives = "".join(
        f"    objective of {one.model.name}: {text} (measured)\n"
        for one in deployed.models
        for text in one.measured.objectives
    )
    summary = (
        f"A pod asks for {deployed.memory_mib} MiB and {deployed.millicores}m processors, may take {deployed.startup_s} s to start"
        f" and {deployed.grace_s} s to end."
    )
    return f"## Sizes of {deployed.name}\n\n{summary}\n\n{sizes}{objectives}"


def _origin(url: str | None) -> str:
    assumed = "What is a stated default was not measured: it is this project's assumption, and yours to change."
    if url is None:
        return f"{assumed} `--url` measures a running server.\n"
    return f"{assumed} What was measured is of one moment of a server with its present load.\n"


def _table(files: Sequence[tuple[str, str]]) -> str:
    width = max(len(file) for file, _ in files)
    return "".join(f"    {file:{width}}  {name}\n" for file, name in files)
