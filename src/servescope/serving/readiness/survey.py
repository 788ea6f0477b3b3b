"""How all models of a server are, one by one, and what is missing and why: what stands behind "not ready".

In: the catalog, what the start was asked for, and health. Out: a `Survey`, which `web.probes` shows as lines or as JSON, and
from which `servescope status` and `start --detach` know it. Pure; made only when somebody asks.
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from servescope.config.shown_url import without_secrets
from servescope.errors import ModelNotFound
from servescope.fleet.worker.work import WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.wanted import WantedModel, WantedModels

UNPACKED_LATER = "its archive is not unpacked yet"


class Standing(StrEnum):
    """Where a model is.

    `WAITING`: its archive is fetched or unpacked, or has yet to be. `LOADING`: its workers load for the first time. `FAILED`: it
    cannot be asked, and workers are tried again; `GIVEN_UP`: they are not any more. `MISSING`: it could not be registered. `IDLE`:
    no workers are wanted. `ASLEEP`: there are none, as nobody asked for long, and a request wakes it; `WAKING`: one did.
    `UNLOADING`: it is unregistered, and finishes what it has in hand.
    """

    WAITING = "waiting"
    LOADING = "loading"
    READY = "ready"
    IDLE = "idle"
    ASLEEP = "asleep"
    WAKING = "waking"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    MISSING = "missing"
    UNLOADING = "unloading"


class WorkerReport(Struct, frozen=True):
    """One worker. `id` as TorchServe's. `state`: as `WorkerState`, or given_up.

    `busy_s`: for how many seconds it has been at what it is at, 0 when idle. `node` and `host`: of a Ray cluster, where it runs
    there; None on this machine, and while it has no place.
    """

    id: str
    state: str
    busy_s: float
    node: str | None = None
    host: str | None = None


class ModelReport(Struct, frozen=True):
    """One model version, or one that is not registered: `version` is None then.

    `asked_as`: what the start called it, None for a later registration, which counts only for itself. `lacking`: the server is not
    ready for want of it. `why`: the last line of the latest error, "" where there was none, or why it is waiting; of a missing one,
    `reason` as in servescope_models_missing. `failed_loads`: since one succeeded. `restarts`: by reason.
    """

    name: str
    version: str | None
    standing: Standing
    asked_as: str | None = None
    lacking: bool = False
    why: str = ""
    reason: str = ""
    at_work: int = 0
    asked_for: int = 0
    startup_timeout_s: int = 0
    failed_loads: int = 0
    restarts: dict[str, int] | None = None
    workers: tuple[WorkerReport, ...] = ()


class Survey(Struct, frozen=True):
    """`ready`: as `Health.ready`, or of a survey of one model, whether that can be asked. `draining`: the server is ending."""

    ready: bool
    draining: bool
    models: tuple[ModelReport, ...]


class Surveyor:
    """Looks at all there is."""

    def __init__(self, catalog: Catalog, wanted: WantedModels, health: Health) -> None:
        self._catalog = catalog
        self._wanted = wanted
        self._health = health

    @property
    def ready(self) -> bool:
        """As `Health.ready`."""
        return self._health.ready

    def all(self) -> Survey:
        """What was asked for, in that order, then what was registered later, then what is on its way out."""
        asked = [report for wanted in self._wanted for report in self._asked(wanted)]
        stood_for = {id(model) for wanted in self._wanted for model in wanted.models}
        later = [_report(model) for model in self._catalog if id(model) not in stood_for]
        leaving = map(_report, self._catalog.leaving())
        return Survey(self._health.ready, self._health.draining, (*asked, *later, *leaving))

    def one(self, name: str) -> Survey:
        """A registered model's default version, or what the start called so.

        Raises:
            ModelNotFound: there is neither.
        """
        try:
            model = self._catalog.find(name)
        except ModelNotFound:
            wanted = next((one for one in self._wanted if one.name == name), None)
            if wanted is None:
                raise
            reports = tuple(self._asked(wanted))
            ready = bool(wanted.models) and all(self._health.serves(model) for model in wanted.models)
            return Survey(ready, self._health.draining, reports)
        known = next((one for one in self._wanted if model in one.models), None)
        report = _report(model) if known is None else _report(model, known.name, lacking=self._health.lacks(known))
        return Survey(self._health.serves(model), self._health.draining, (report,))

    def _asked(self, wanted: WantedModel) -> Iterator[ModelReport]:
        lacking = self._health.lacks(wanted)
        for model in wanted.models:
            yield _report(model, wanted.name, lacking=lacking)
        if not wanted.models:
            yield _absent(wanted)


def _absent(wanted: WantedModel) -> ModelReport:
    missing = wanted.missing
    if missing is None:
        return ModelReport(wanted.name, None, Standing.WAITING, wanted.name, lacking=True, why=UNPACKED_LATER)
    return ModelReport(
        wanted.name, None, Standing.MISSING, wanted.name, lacking=True, why=missing.text, reason=missing.reason
    )


def _report(model: Model, asked_as: str | None = None, *, lacking: bool = False) -> ModelReport:
    pool = model.pool
    return ModelReport(
        model.name,
        model.version,
        standing_of(model),
        asked_as,
        lacking,
        without_secrets(pool.loads.failure or pool.troubles.latest),
        at_work=model.at_work,
        asked_for=len(pool),
        startup_timeout_s=model.options.startup_timeout_s,
        failed_loads=pool.loads.failed,
        restarts=dict(pool.troubles.restarts),
        workers=tuple(_worker(worker) for worker in sorted(pool, key=lambda worker: worker.number)),
    )


def standing_of(model: Model) -> Standing:
    """Where a registered model is."""
    pool = model.pool
    if model.leaves_by is not None:
        return Standing.UNLOADING
    if model.asleep:
        return Standing.ASLEEP
    if model.waking:
        return Standing.WAKING
    if model.ready:
        return Standing.READY
    if not len(pool):
        return Standing.IDLE
    if not pool.can_serve:
        return Standing.GIVEN_UP
    return Standing.FAILED if pool.loads.failure or (pool.loads.any_over and not model.at_work) else Standing.LOADING


def _worker(worker: Worker) -> WorkerReport:
    state = str(Standing.GIVEN_UP if worker.state is WorkerState.GAVE_UP else worker.state)
    there = worker.life.elsewhere
    place = (there.node, there.host) if there is not None else (None, None)
    return WorkerReport(str(worker.number), state, round(worker.hand.batch_s, 3), *place)
