"""The whole server on one page: in, everything that is known of it; out, the overview, which is also what each event tells."""

import asyncio
import os
import platform
from collections.abc import Callable
from typing import Any

from msgspec import Struct

import servescope
from servescope.config.settings import Settings
from servescope.console.evidence.gathered import Gathered
from servescope.console.evidence.watch import Watch
from servescope.console.history.memory import WINDOW_S, Memory
from servescope.console.views.card import card
from servescope.console.views.lines import Lines
from servescope.console.views.machine import gpus, machine
from servescope.console.views.model import page
from servescope.findings.rules.elsewhere import ELSEWHERE
from servescope.metrics.snapshot import Snapshot
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health


class Sources(Struct, frozen=True):
    """What documents are made of. `started`: seconds since 1970. `autoscaler`: what is decided of a model, None where nobody
    autoscales it.
    """

    settings: Settings
    hostname: str
    catalog: Catalog
    health: Health
    memory: Memory
    autoscaler: Callable[[Model], dict[str, Any] | None]
    started: float


class Overview:
    """Makes it, and the models' pages. `streams`: how many pages are open, and how many may be."""

    def __init__(self, sources: Sources, streams: Callable[[], dict[str, int]]) -> None:
        self._sources = sources
        self._streams = streams
        self._watch = Watch()
        self._lines = Lines(sources.memory.hour)

    async def document(self) -> dict[str, Any]:
        """The overview, with the loop let run after each model. The recorder has settled."""
        sources, memory = self._sources, self._sources.memory
        snapshot, models = memory.now(), self._models()
        self._lines.forget({(model.name, model.version) for model in models})
        cards = []
        for model in models:
            cards.append(card(model, sources.catalog, memory, snapshot, self._lines))
            await asyncio.sleep(0)
        return {
            "at": snapshot.at,
            "step_s": memory.step_s,
            "window_s": WINDOW_S,
            "server": self._server(snapshot),
            "streams": self._streams(),
            "host": machine(memory, snapshot),
            "gpus": gpus(snapshot),
            "models": cards,
            "findings": [finding.document() for finding in self._watch.look(Gathered(memory, snapshot))],
            "elsewhere": ELSEWHERE,
        }

    def attend(self) -> None:
        """Nobody looks: see what is wrong all the same, so as to know since when."""
        memory = self._sources.memory
        self._watch.look(Gathered(memory, memory.now()))

    def model(self, model: Model) -> dict[str, Any]:
        """A model's page. The recorder has settled."""
        sources, memory = self._sources, self._sources.memory
        snapshot = memory.now()
        versions = [
            {"version": one.version, "default": sources.catalog.is_default(one)}
            for one in sources.catalog
            if one.name == model.name
        ]
        return {
            "at": snapshot.at,
            "step_s": memory.step_s,
            "window_s": WINDOW_S,
            **card(model, sources.catalog, memory, snapshot, self._lines),
            **page(model, memory, snapshot),
            "versions": versions,
            "autoscaler": sources.autoscaler(model),
            "findings": [
                finding.document()
                for finding in self._watch.look(Gathered(memory, snapshot))
                if finding.labels.get("model_name") == model.name
                and finding.labels.get("model_version", model.version) == model.version
            ],
        }

    def _models(self) -> list[Model]:
        catalog = self._sources.catalog
        return sorted([*catalog, *catalog.leaving()], key=lambda model: (model.name, model.version))

    def _server(self, snapshot: Snapshot) -> dict[str, Any]:
        sources = self._sources
        return {
            "version": servescope.__version__,
            "python": platform.python_version(),
            "pid": os.getpid(),
            "hostname": sources.hostname,
            "started": sources.started,
            "uptime_s": snapshot.at - sources.started,
            "metrics_mode": sources.settings.metrics_mode,
            "draining": sources.health.draining,
        }
