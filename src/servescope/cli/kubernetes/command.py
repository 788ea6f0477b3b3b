"""`servescope kubernetes MODEL… --out DIR`: manifests for models on a cluster.

In: models' names, options, and with --url what a running server says of its sizes. Out: files in a folder, and every size with its
origin on the terminal. Run by `cli.main`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, get_args

import typer

from servescope.cli.folders import OwnFolder
from servescope.cli.help.typed import examples
from servescope.cli.options import Token, number, whole
from servescope.errors import ConfigurationError
from servescope.operate.kubernetes.deployed import Deployed, deployments
from servescope.operate.kubernetes.figures import Figure, Origin, lines
from servescope.operate.kubernetes.files import FOLDERS, MARK, kubernetes_files
from servescope.operate.kubernetes.measured import MeasuredServer
from servescope.operate.kubernetes.models import ModelToServe, models_of
from servescope.operate.kubernetes.options import (
    IMAGE,
    MAX_REPLICAS,
    MIN_REPLICAS,
    MONITORS,
    MOST_DRAIN_S,
    PROMETHEUS_URL,
    Monitor,
    Options,
    check_options,
)

_NAME = "servescope"
_ORIGINS: tuple[Origin, ...] = get_args(Origin)

Models = Annotated[
    list[str] | None,
    typer.Argument(metavar="MODEL…", help="Models to serve: NAME, or NAME=ARCHIVE with a file's name or a URL."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder to write to: server/, hpa/, keda/, Dockerfile.")
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Measure a running server's sizes: any of its ports, as http://host:port."
    ),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="Certificate to trust when --url is https://. Default: the system's."
    ),
]
Each = Annotated[bool, typer.Option("--each", help="A Deployment for each model, instead of one for all.")]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help=f"Name of the one Deployment. Default: {_NAME}."),
]
Namespace = Annotated[str, typer.Option("--namespace", metavar="NAME", help="Namespace of all objects.")]
Image = Annotated[
    str | None, typer.Option("--image", metavar="IMAGE", help=f"Image that the pods run. Default: {IMAGE}.")
]
Claim = Annotated[
    str | None,
    typer.Option("--claim", metavar="NAME", help="PersistentVolumeClaim that has the archives, instead of the image."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", parser=whole(1, 1024), metavar="N", help="Workers of a model in a pod. Default: as measured, or 1."
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option("--gpus", parser=whole(0, 64), metavar="N", help="GPUs of a pod. Default: as measured, or 0."),
]
MinReplicas = Annotated[
    int | None,
    typer.Option(
        "--min-replicas", parser=whole(1, 10000), metavar="N", help=f"Fewest pods. Default: {MIN_REPLICAS:g}."
    ),
]
MaxReplicas = Annotated[
    int | None,
    typer.Option("--max-replicas", parser=whole(1, 10000), metavar="N", help=f"Most pods. Default: {MAX_REPLICAS:g}."),
]
Target = Annotated[
    float | None,
    typer.Option(
        "--target",
        parser=number(0.01, 10000),
        metavar="X",
        help="Requests that a worker should have in hand, on average. Default: 0.7 times its batch size.",
    ),
]
Drain = Annotated[
    int | None,
    typer.Option(
        "--drain-seconds",
        parser=whole(0, MOST_DRAIN_S),
        metavar="S",
        help="Time for what is in flight when a pod ends. Default: the longest response timeout, and a second.",
    ),
]
MonitorOption = Annotated[
    str,
    typer.Option("--monitor", metavar="|".join(MONITORS), help="How the Prometheus Operator finds the pods."),
]
PrometheusUrl = Annotated[
    str | None,
    typer.Option("--prometheus-url", metavar="URL", help=f"Where KEDA reaches Prometheus. Default: {PROMETHEUS_URL}."),
]
Force = Annotated[bool, typer.Option("--force", help="Write to a folder that has files, over what was generated.")]


@examples(
    "servescope kubernetes digits --out k8s",
    "servescope kubernetes digits resnet=https://example.org/resnet.mar --each \\\n    --out k8s --force",
)
def kubernetes(
    out: Out,
    models: Models = None,
    url: Url = None,
    token: Token = None,
    ca_file: CaFile = None,
    each: Each = False,
    name: NameOption = None,
    namespace: Namespace = "default",
    image: Image = None,
    claim: Claim = None,
    workers: Workers = None,
    gpus: Gpus = None,
    min_replicas: MinReplicas = None,
    max_replicas: MaxReplicas = None,
    target: Target = None,
    drain_seconds: Drain = None,
    monitor: MonitorOption = "pod",
    prometheus_url: PrometheusUrl = None,
    force: Force = False,
) -> None:
    """Write manifests for models on Kubernetes: pods, probes, monitoring, and autoscaling by HPA or KEDA."""
    if each and name is not None:
        raise ConfigurationError(f"--name {name} is for one Deployment, and --each makes one a model, called after it")
    options = Options(
        _NAME if name is None else name, namespace, image, claim, workers, gpus, min_replicas, max_replicas, target, drain_seconds,
        _monitor(monitor), prometheus_url,
    )  # fmt: skip
    check_options(options)
    asked = models_of(models or ())
    _check_archives(asked, claim)
    planned = deployments(asked, options, _measured(url, asked, token, ca_file), each=each)
    files = kubernetes_files(planned, url)
    folder = OwnFolder(out, MARK, "`servescope kubernetes`")
    folder.check(files, force=force)
    removed = folder.write({path: text.encode() for path, text in files.items()}, [f"{one}/*.yaml" for one in FOLDERS])
    _tell(out, planned, len(files), removed)


def _monitor(text: str) -> Monitor:
    for known in MONITORS:
        if text == known:
            return known
    raise ConfigurationError(f"--monitor {text!r} is none of {', '.join(MONITORS)}")


def _measured(
    url: str | None, models: Iterable[ModelToServe], token: str | None, ca_file: str | None
) -> MeasuredServer:
    if url is None:
        for option, value in (("--token", token), ("--ca-file", ca_file)):
            if value is not None:
                raise ConfigurationError(f"{option} is for --url, which is not given")
        return MeasuredServer()
    # Which also asks for sockets and TLS; nobody else pays for them.
    from servescope.cli.kubernetes.measure import measure

    return measure(url, [model.name for model in models], token, ca_file)


def _check_archives(models: Iterable[ModelToServe], claim: str | None) -> None:
    for model in models:
        if claim is not None and model.is_remote:
            raise ConfigurationError(
                f"MODEL {model.name!r}: --claim {claim} is mounted read-only, so {model.archive} cannot be fetched; put it there"
            )


def _tell(out: Path, planned: Iterable[Deployed], count: int, removed: list[str]) -> None:
    gone = f"; removed, as nothing asks for them any more: {', '.join(removed)}" if removed else ""
    typer.echo(f"{out}: {count} files written{gone}.")
    figures = dict.fromkeys(figure for one in planned for figure in one.figures)
    for origin in _ORIGINS:
        _tell_figures(origin, [one for one in figures if one.origin == origin])
    typer.echo(f"\nApply {out}/server, then {out}/hpa or {out}/keda, never both: {out}/README.md.")


def _tell_figures(origin: Origin, figures: Iterable[Figure[float] | Figure[str]]) -> None:
    told = lines(figures, with_origin=False)
    aside = ", not measured" if origin == "stated default" else ""
    for line in (f"\n{origin.capitalize()}{aside}:", *(f"  {one}" for one in told)) if told else ():
        typer.echo(line)
