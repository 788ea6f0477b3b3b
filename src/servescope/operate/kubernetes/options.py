"""What an operator says of the cluster: in, options of the command; out, `Options`, checked. Called by `servescope kubernetes`."""

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from servescope import __version__
from servescope.errors import ConfigurationError
from servescope.operate.kubernetes.names import check_name, check_others
from servescope.operate.web_address import is_web_address

Monitor = Literal["pod", "service", "none"]
MONITORS: Final[tuple[Monitor, ...]] = get_args(Monitor)
IMAGE: Final = f"servescope:{__version__}"
PROMETHEUS_URL: Final = "http://prometheus-operated.monitoring.svc:9090"
MIN_REPLICAS: Final = 2.0
MAX_REPLICAS: Final = 10.0
# A day: what waits longer is no server's request any more.
MOST_DRAIN_S: Final = 86_400
_IMAGE: Final = re.compile(r"[a-z0-9][A-Za-z0-9._:/@-]{0,254}")


@dataclass(frozen=True, slots=True)
class Options:
    """`name`: of the one Deployment. `claim`: a PersistentVolumeClaim that has the archives; None: the image has them.

    None, elsewhere, is what was not given: it is measured, or a stated default. `target`: requests that a worker
    should have in hand; `drain_s`: seconds that what is in flight has at a pod's end.
    """

    name: str = "servescope"
    namespace: str = "default"
    image: str | None = None
    claim: str | None = None
    workers: int | None = None
    gpus: int | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target: float | None = None
    drain_s: int | None = None
    monitor: Monitor = "pod"
    prometheus_url: str | None = None


def check_options(options: Options) -> None:
    """ConfigurationError, which names the option and its value, for what no cluster takes."""
    check_name("--name", options.name)
    check_others("--namespace", options.namespace)
    if options.claim is not None:
        check_others("--claim", options.claim)
    if options.image is not None and not _IMAGE.fullmatch(options.image):
        raise ConfigurationError(f"--image {options.image!r} is no image such as registry.example.org/servescope:1")
    least, most = options.min_replicas or MIN_REPLICAS, options.max_replicas or MAX_REPLICAS
    if least > most:
        default = "" if options.max_replicas else ", its default"
        raise ConfigurationError(f"--min-replicas {least:g} is above --max-replicas {most:g}{default}")
    if options.monitor not in MONITORS:
        raise ConfigurationError(f"--monitor {options.monitor!r} is none of {', '.join(MONITORS)}")
    if options.prometheus_url is not None:
        _check_url(options.prometheus_url)


def _check_url(url: str) -> None:
    if not is_web_address(url):
        raise ConfigurationError(f"--prometheus-url {url!r} is no http:// or https:// URL")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"--prometheus-url of {parts.hostname!r} holds a user's name: KEDA takes those from a Secret"
        )
