"""Deployments for tests: in, models' names, options, measurements; out, `Deployed`s, and the objects that are written of them."""

from collections.abc import Mapping
from typing import Any

import yaml

from servescope.operate.kubernetes.deployed import Deployed, deployments
from servescope.operate.kubernetes.files import kubernetes_files
from servescope.operate.kubernetes.measured import MeasuredModel, MeasuredServer
from servescope.operate.kubernetes.models import models_of
from servescope.operate.kubernetes.options import Options

HOSTILE = (
    "a b",
    "ü",
    "<b>",
    "RESNET",
    "x" * 200,
    "$(HOME)",
    "$$HOME$$",
    "-x",
    "null",
    "a: b",
    "{{x}}",
    "'",
    '"',
    "`",
    "%2e",
    "模型",
)
FULL = MeasuredModel("1.0", 2, 3e8, 1.5, 12.5, 30.0, 8, ("latency: 99 % within 250 ms",))
MEASURED = MeasuredServer("http://x", 2e8, 1, tokens=True, models=dict.fromkeys(("digits", *HOSTILE), FULL))


def planned(
    *names: str, options: Options | None = None, measured: MeasuredServer | None = None, each: bool = False
) -> tuple[Deployed, ...]:
    """Of `digits`, where nothing else is named."""
    found = models_of(names or ("digits",))
    return deployments(found, options or Options(), measured or MeasuredServer(), each=each)


def written(deployed: tuple[Deployed, ...]) -> dict[str, str]:
    """All files."""
    return kubernetes_files(deployed, None)


def objects(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What every .yaml holds: one object each."""
    return {path: yaml.safe_load(text) for path, text in files.items() if path.endswith(".yaml")}
