"""The image that the pods run: in, Deployments; out, a Dockerfile.

It is built in the generated folder, from a wheel, for this project is on no index. Called by `files`.
"""

from collections.abc import Sequence
from typing import Final

from servescope.operate.kubernetes.deployed import Deployed
from servescope.operate.kubernetes.models import ARCHIVES
from servescope.operate.kubernetes.objects.deployment import USER

_TEXT: Final = """\
# Beside this file: wheels/ with Servescope's wheel{archives}. README.md says how they come there.
FROM python:3.12-slim

# Any arguments of pip: another build of PyTorch, or "" where no handler needs it.
ARG TORCH="torch"
# The wheel's extras, such as [torch,traces].
ARG EXTRAS="[torch]"

RUN if [ -n "$TORCH" ]; then pip install --no-cache-dir $TORCH; fi
COPY wheels/ /wheels/
RUN pip install --no-cache-dir "$(echo /wheels/servescope-*.whl)$EXTRAS"
{copy}
# The root file system is read-only on the cluster; what is written lies on volumes.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# What NVIDIA's runtime gives to containers with a GPU: CUDA, and NVML, by which GPUs are measured.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER {user}:{user}
# Process 1 by itself: it reaps what it is given, so that no init is needed, and ends at SIGTERM.
ENTRYPOINT ["servescope"]
CMD ["--help"]
"""


def dockerfile(deployments: Sequence[Deployed]) -> str:
    """Its text. Archives are in the image unless a claim has them, or all of them are fetched."""
    with_archives = bool(local_archives(deployments))
    return _TEXT.format(
        archives=", and archives/ with the models' archives" if with_archives else "",
        copy=f"COPY archives/ {ARCHIVES}/\n" if with_archives else "",
        user=USER,
    )


def local_archives(deployments: Sequence[Deployed]) -> list[tuple[str, str]]:
    """Files that belong into the image, and the models that they are of."""
    models = [model.model for one in deployments if one.options.claim is None for model in one.models]
    return [(one.archive, one.name) for one in models if not one.is_remote]
