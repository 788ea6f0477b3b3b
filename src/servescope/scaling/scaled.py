"""One model version that is autoscaled: in, the moment; out, a decision, which is recorded, logged and, in mode `act`, applied.

Kept by `loop` for as long as the model's mode is not off.
"""

import logging
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from msgspec.structs import replace

from servescope.autoscaler.decision import Decision
from servescope.autoscaler.options import HIGHEST_TARGET, SHORTEST_OBJECTIVE_S, PolicyOptions
from servescope.autoscaler.scaler import Scaler
from servescope.autoscaler.signals import Room
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.model.options import ModelOptions
from servescope.scaling.measures import Measures
from servescope.scaling.notes import Note, Notes
from servescope.serving.model import Model

Clock = Callable[[], float]
logger = logging.getLogger("servescope.scaling")

_LATE_S = 3.0  # so long after a decision there should have been another one


def policy_options(options: ModelOptions, at_once: int | None) -> PolicyOptions:
    """What the policy is told of a model with these options, a worker of which takes so many requests at the same time.

    A promise may be stricter than any number of workers can keep: the policy goes by the strictest that it knows.
    """
    asked = {slot.name: getattr(options.autoscale, slot.name) for slot in fields(Autoscale) if slot.name != "mode"}
    objectives = options.objectives
    if objectives is not None and objectives.latency_s is not None and objectives.latency_target is not None:
        asked["objective_s"] = max(objectives.latency_s, SHORTEST_OBJECTIVE_S)
        asked["target"] = min(objectives.latency_target, HIGHEST_TARGET)
    return PolicyOptions(min_workers=options.min_workers, max_workers=options.max_workers, at_once=at_once, **asked)


class Scaled:
    """See the module. `adjust` has a model have so many workers, and says whether it could; `clock` gives the moments that
    `look` is told, `wall` seconds since 1970.
    """

    def __init__(self, model: Model, adjust: Callable[[Model, int], bool], clock: Clock, wall: Clock) -> None:
        self._model = model
        self._adjust = adjust
        self._clock = clock
        self._wall = wall
        self._measures = Measures(model)
        self._options = model.options
        self._at_once = self._measures.at_once
        self._scaler = Scaler(policy_options(model.options, self._at_once))
        self._held_since: float | None = None
        self._mode: Mode | None = None
        self._decision: Decision | None = None
        self._decided_at = clock()
        self._notes = Notes()
        self.failing = False  # whether looking at it raised an error the last time, which is logged once

    def look(self, at: float, room: Room | None, gpus: tuple[float | None, ...]) -> Decision:
        """Decide, at this moment of the monotonic clock, and apply that where it is asked for. `room`: for more workers; `gpus`:
        how busy each is that they use.
        """
        self._follow(at)
        signals = self._measures.read(at, room, gpus)
        there, least = signals.there, 0
        if self._model.woken:  # what a request did is decided, counted and told now, and not undone
            self._model.woken, least = False, there
            signals = replace(signals, workers=0, starting=0)
        decision = self._decision = self._scaler.decide(signals)
        self._decided_at = at
        self._model.recorder.autoscaler.decided(
            decision.desired,
            decision.signals,
            decision.direction,
            decision.reason,
            decision.bound,
            decision.withheld,
        )
        busy = False
        if self._mode is Mode.ACT and (count := max(least, decision.workers)) != there:
            busy = not self._adjust(self._model, count)
        if self._notes.take(Note(self._wall(), str(self._mode), signals.there, decision)):
            text = "; the model is being changed: tried again in a second" if busy else ""
            self._say("%s%s", decision.words, text)
        return decision

    def end(self) -> None:
        """Nobody asks for it any more."""
        if self._mode is not None:
            self._mode = Mode.OFF
            self._model.recorder.autoscaler.mode(Mode.OFF)
            self._say("%d workers, whatever comes", len(self._model.pool))

    def describe(self) -> dict[str, Any]:
        """For the management API."""
        decision = self._decision
        return {
            "mode": str(self._model.options.autoscale.mode),
            "desired": None if decision is None else decision.desired,
            "applied": len(self._model.pool),
            "signals": {} if decision is None else dict(decision.signals),
            "decisions": [note.described() for note in self._notes],
        }

    def _follow(self, at: float) -> None:
        """What the management API has changed since the last look, and what the model's workers turned out to be."""
        options = self._model.options
        if self._mode is not options.autoscale.mode:
            self._begin(options.autoscale.mode)
        at_once = self._measures.at_once
        if self._at_once != at_once:
            self._at_once = at_once
            self._scaler = Scaler(policy_options(options, self._at_once))
        elif options is not self._options:
            self._scaler.rebound(options.min_workers, options.max_workers)
        self._options = options
        held_since = self._model.held_since
        if held_since not in (None, self._held_since):
            self._held_since = held_since
            self._hold(at)

    def _begin(self, mode: Mode) -> None:
        self._mode = mode
        recorder, pool = self._model.recorder.autoscaler, self._model.pool
        recorder.mode(mode)
        recorder.watch(lambda: len(pool), self._age_s)
        options = self._model.options
        self._say("between %d and %d workers; %d now", options.min_workers, options.max_workers, len(pool))

    def _age_s(self) -> float:
        """For how long there have been no fresh numbers, or no decision on any."""
        since = self._clock() - self._decided_at
        age_s = 0.0 if self._decision is None else self._decision.age_s
        return age_s + (since if since > _LATE_S else 0.0)

    def _hold(self, at: float) -> None:
        count, options = len(self._model.pool), self._model.options
        self._scaler.hold(at, count)
        self._say(
            "somebody asked for %d to %d workers: its %d are held until the load moves by more than %g %%",
            options.min_workers, options.max_workers, count, 100 * options.autoscale.tolerance,
        )  # fmt: skip

    def _say(self, text: str, *values: object) -> None:
        model = self._model
        logger.info(f"Autoscaler (%s): model %s version %s: {text}", self._mode, model.name, model.version, *values)
