"""One Deployment: in, its models, options and what was measured; out, `Deployed`, with every number that its objects need.

Made by `deployments`, read by `objects` and `files`. Each number is a `Figure`, or follows from some.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from servescope.config.settings import Settings
from servescope.operate.kubernetes.figures import MIB, Figure, figure, mebibytes, plain, seconds, yes_or_no
from servescope.operate.kubernetes.measured import MeasuredModel, MeasuredServer, Ports
from servescope.operate.kubernetes.models import ModelToServe
from servescope.operate.kubernetes.options import IMAGE, MAX_REPLICAS, MIN_REPLICAS, PROMETHEUS_URL, Options

# Stated defaults, where nothing was measured.
_WORKER_BYTES: Final = 1024.0 * MIB
_FRONT_END_BYTES: Final = 256.0 * MIB
_LOAD_S: Final = 120.0
# How much of what its workers can do at once a pod is to be at: 0.7 leaves room for what comes while another pod loads.
_SHARE: Final = 0.7
# Measured memory grows; and a load on a node that has nothing in its page cache, or beside others, takes longer.
_MEMORY_ROOM: Final = 1.25
_LOAD_ROOM: Final = 5
_LOADS_ROOM: Final = 2
_LEAST_STARTUP_S: Final = 60
# Until every node knows that a pod takes no new connections; then SIGTERM. After the drain: workers stop (10 s), files are closed.
PRE_STOP_S: Final = 5
ENDING_S: Final = 20

Figures = tuple[Figure[float] | Figure[str], ...]


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A model with its figures: workers of a pod, bytes, cores, seconds, requests."""

    model: ModelToServe
    measured: MeasuredModel
    workers: Figure[float]
    memory: Figure[float]
    cores: Figure[float]
    load: Figure[float]
    response_timeout: Figure[float]
    batch_size: Figure[float]


@dataclass(frozen=True, slots=True)
class Deployed:
    """`name`: of the Deployment, and what its other objects are called after."""

    name: str
    options: Options
    ports: Ports
    models: tuple[DeployedModel, ...]
    image: Figure[str]
    front_end: Figure[float]
    gpus: Figure[float]
    tokens: Figure[float]
    drain: Figure[float]
    target: Figure[float]
    least: Figure[float]
    most: Figure[float]
    prometheus: Figure[str]

    @property
    def memory_mib(self) -> int:
        """For all processes of a pod, with room, in steps of 64 MiB."""
        whole = self.front_end.value + sum(one.workers.value * one.memory.value for one in self.models)
        return math.ceil(whole * _MEMORY_ROOM / MIB / 64) * 64

    @property
    def millicores(self) -> int:
        """For all workers at once, and half a processor for the front end, in steps of a tenth."""
        whole = 0.5 + sum(one.workers.value * one.cores.value for one in self.models)
        return math.ceil(round(whole * 10, 6)) * 100

    @property
    def load_s(self) -> int:
        """Until the slowest model is loaded."""
        return math.ceil(max(one.load.value for one in self.models))

    @property
    def startup_s(self) -> int:
        """How long a container may take until it is ready for the first time."""
        together = _LOADS_ROOM * sum(one.load.value for one in self.models)
        return max(_LEAST_STARTUP_S, _LOAD_ROOM * self.load_s, math.ceil(together))

    @property
    def drain_s(self) -> int:
        """`shutdown_timeout`."""
        return math.ceil(self.drain.value)

    @property
    def grace_s(self) -> int:
        """From the order to end a pod until it is killed: longer than all that the server takes."""
        return PRE_STOP_S + self.drain_s + ENDING_S

    @property
    def several_at_once(self) -> bool:
        """Whether a worker is to have more than one request in hand, so that busy or not says little of it."""
        return self.target.value > 1

    @property
    def configuration_figures(self) -> Figures:
        """What config.properties follows from."""
        return (self.tokens, self.drain, *(one.workers for one in self.models))

    @property
    def pod_figures(self) -> Figures:
        """What the pods follow from."""
        models = [(one.workers, one.memory, one.cores, one.load, one.response_timeout) for one in self.models]
        return (self.image, self.front_end, self.gpus, self.drain, *(figure for each in models for figure in each))

    @property
    def scaling_figures(self) -> Figures:
        """What autoscalers follow from."""
        models = [(one.batch_size, one.load) for one in self.models]
        return (self.least, self.most, self.target, *(figure for each in models for figure in each))

    @property
    def figures(self) -> Figures:
        """All."""
        every = (*self.configuration_figures, *self.pod_figures, *self.scaling_figures, self.prometheus)
        return tuple(dict.fromkeys(every))


def deployments(
    models: Sequence[ModelToServe], options: Options, measured: MeasuredServer, *, each: bool
) -> tuple[Deployed, ...]:
    """One for all models, or one for `each`, called after it."""
    if each:
        return tuple(_deployed(model.label, (model,), options, measured) for model in models)
    return (_deployed(options.name, models, options, measured),)


def _deployed(name: str, models: Sequence[ModelToServe], options: Options, measured: MeasuredServer) -> Deployed:
    found = tuple(_model(model, measured.models.get(model.name, MeasuredModel()), options) for model in models)
    return Deployed(
        name=name,
        options=options,
        ports=measured.ports or Ports(),
        models=found,
        image=figure("image", IMAGE, str, given=options.image),
        front_end=figure("memory of the front end", _FRONT_END_BYTES, mebibytes, measured=measured.memory_bytes),
        gpus=figure("GPUs of a pod", 0.0, plain, measured=measured.gpus, given=options.gpus),
        tokens=figure("clients need tokens", 0.0, yes_or_no, measured=measured.tokens),
        drain=_drain(found, options),
        target=_target(found, options),
        least=figure("fewest pods", MIN_REPLICAS, plain, given=options.min_replicas),
        most=figure("most pods", MAX_REPLICAS, plain, given=options.max_replicas),
        prometheus=figure("Prometheus for KEDA", PROMETHEUS_URL, str, given=options.prometheus_url),
    )


def _model(model: ModelToServe, known: MeasuredModel, options: Options) -> DeployedModel:
    of, timeout = model.name, float(Settings().default_response_timeout)
    return DeployedModel(
        model,
        known,
        workers=figure("workers in a pod", 1.0, plain, measured=known.workers, given=options.workers, of=of),
        memory=figure("memory of a worker", _WORKER_BYTES, mebibytes, measured=known.memory_bytes, of=of),
        cores=figure("processors of a busy worker", 1.0, plain, measured=known.cores, of=of),
        load=figure("time to load a worker", _LOAD_S, seconds, measured=known.load_s, of=of),
        response_timeout=figure("response timeout", timeout, seconds, measured=known.response_timeout_s, of=of),
        batch_size=figure("batch size", 1.0, plain, measured=known.batch_size, of=of),
    )


def _drain(models: Sequence[DeployedModel], options: Options) -> Figure[float]:
    """As long as a batch may take, and a second to say that it took longer: what a server does by itself."""
    longest = max((model.response_timeout for model in models), key=lambda one: one.value)
    return _following("time for requests when a pod ends", longest.value + 1, seconds, longest, options.drain_s)


def _target(models: Sequence[DeployedModel], options: Options) -> Figure[float]:
    """A share of the smallest batch: a model with larger ones gets its pods too early rather than too late."""
    smallest = min((model.batch_size for model in models), key=lambda one: one.value)
    return _following("requests in hand a worker", _SHARE * smallest.value, plain, smallest, options.target)


def _following(
    what: str, value: float, show: Callable[[float], str], source: Figure[float], given: float | None
) -> Figure[float]:
    """Measured, if what it follows from was."""
    return figure(what, value, show, measured=value if source.origin == "measured" else None, given=given)
