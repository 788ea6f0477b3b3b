"""The search for the highest rate that keeps an objective: in, a way to measure; out, `Found`. Pure; called by `cli.planning`.

It climbs by doubling until a load breaks the objective, halves the bracket until it is within 5 %, and spends what is left of
the budget on repeats around the edge, from which the edge and its interval are estimated (`edge`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from servescope.planner.load.trial import WARM_UP, Trial, ceiling_of
from servescope.planner.objective import Objective
from servescope.planner.search.edge import Edge, find_edge
from servescope.planner.theory.tail import Tail

Measure = Callable[[float, float], Trial]
Tell = Callable[[str, float | None, float], None]

WITHIN = 0.05
_MOST_RATE = 100_000.0
_SLOWEST = 1e-3
# How many times as much as may be late is expected to be late at the rates of the repeats. What is rarer says little about the
# line.
_LATE = (1.0, 2.5, 0.6, 1.6)
_BELOW_CEILING = 0.97
_SURE = 0.01
_LEAST_REPEATS = 12
_DEVIATIONS = 3
_LITTLE = 0.5  # of what the workers could do: whatever fails there fails at every rate
_TRIES = 3
_MOST_EARLY = 0.02  # where what workers can do is a guess, as with those that do many at once


@dataclass(frozen=True)
class Terms:
    """`budget_s`: for all loads together. `start`: the first rate. `availability`: the share of requests that has to be answered.

    `load_s`: how long a load lasts at least.
    """

    objective: Objective
    budget_s: float
    start: float
    availability: float = 0.99
    load_s: float = 3.0

    @property
    def short_s(self) -> float:
        """How long a load of the climb lasts: some times the objective, as queues take that long to settle."""
        return min(max(self.load_s, 15 * self.objective.limit_s), self.budget_s / 16)

    @property
    def long_s(self) -> float:
        """How long a repeat lasts."""
        return min(max(3 * self.load_s, 40 * self.objective.limit_s), self.budget_s / 10)


@dataclass(frozen=True)
class Found:
    """`edge`: None where not even the lowest rate kept the objective; its high end is open where no load broke it. `kept`,
    `broken`: the loads of the last bracket.

    `client`: this client could send no more before anything broke, so that the server's edge is not known. `spoilt`: the share of
    requests that the model failed at rates that are low for it, where that alone breaks the objective.
    """

    edge: Edge | None
    trials: tuple[Trial, ...]
    kept: Trial | None
    broken: Trial | None
    client: bool = False
    spoilt: float | None = None


@dataclass
class Search:
    """One search, at one count of workers. `clock`: seconds; `tell`: what is done, from which part of the budget to which."""

    measure: Measure
    terms: Terms
    clock: Callable[[], float]
    tell: Tell = lambda _doing, _rate, _share: None
    _trials: list[Trial] = field(default_factory=list)
    _began: float = 0.0
    _beside_s: float = 0.0

    def run(self) -> Found:
        """Climb, bisect, repeat."""
        self._began = self.clock()
        kept, broken, client = self._climb()
        edge = None
        if kept is not None:
            edge = Edge(kept.rate, kept.rate, math.inf, "bracket")
            if broken is not None:
                kept, broken = self._bisect(kept, broken)
                edge = self._repeat(kept, broken)
            edge = edge.capped(self.ceiling)
        spoilt = self._spoilt()
        return Found(None if spoilt else edge, tuple(self._trials), kept, broken, client, spoilt)

    @property
    def ceiling(self) -> float | None:
        """Requests a second that the workers could answer if they were never idle, by all loads."""
        return ceiling_of(self._trials)

    def _climb(self) -> tuple[Trial | None, Trial | None, bool]:
        """The last load that kept the objective, the first that broke it, and whether the client was the limit before."""
        rate = self.terms.start
        kept = broken = None
        while self._time_for(seconds := self._long_enough(rate)) and _SLOWEST <= rate <= _MOST_RATE:
            tried = self._load("climbing", rate, seconds)
            if tried is None:
                return kept, broken, broken is None
            if self._kept(tried):
                kept = tried
            else:
                broken = tried
            if (kept is not None and broken is not None) or self._spoilt():
                break
            rate = rate * 2 if broken is None else rate / 3
        return kept, broken, False

    def _long_enough(self, rate: float) -> float:
        """On the way down, as many requests as the first load had, as far as the budget allows: few are kept by chance."""
        return min(self.terms.short_s * max(1.0, self.terms.start / rate), self.terms.budget_s / 4)

    def _bisect(self, kept: Trial, broken: Trial) -> tuple[Trial, Trial]:
        """A bracket within 5 %, as far as there is time for it."""
        while broken.rate / kept.rate > 1 + WITHIN and self._time_for(self.terms.short_s):
            tried = self._load("bisecting", math.sqrt(kept.rate * broken.rate), self.terms.short_s)
            if tried is None:
                break
            if self._kept(tried):
                kept = tried
            else:
                broken = tried
        return kept, broken

    def _spoilt(self) -> float | None:
        """The share that the model failed where it had little to do, if that is too much beyond chance; None: it is not."""
        most = min(1 - self.terms.availability, self.terms.objective.misses)
        idle = [one for one in self._trials if one.rate <= _LITTLE * (self.ceiling or math.inf)]
        sent, failed = sum(len(one.sent) for one in idle), sum(one.spoilt for one in idle)
        chance = most * sent + _DEVIATIONS * math.sqrt(most * sent) + 1
        return failed / sent if failed > chance else None

    def _repeat(self, kept: Trial, broken: Trial) -> Edge:
        edge, repeats = self._edge(kept, broken), 0
        while self._time_for(self.terms.long_s):
            rate = min(self._next(edge, repeats), _BELOW_CEILING * (self.ceiling or math.inf))
            if self._load("repeating", rate, self.terms.long_s) is None:
                continue  # the machine's other work may be over by the next
            if self._spoilt():
                break
            edge, repeats = self._edge(kept, broken), repeats + 1
            if repeats >= _LEAST_REPEATS and edge.by == "line" and edge.high - edge.low < 2 * _SURE * edge.rate:
                break
        return edge

    def _next(self, edge: Edge, repeats: int) -> float:
        """The rate of the next repeat."""
        little = _LITTLE * (self.ceiling or 0.0)
        if edge.rate < little and repeats % 2 == 0 and any(one.spoilt for one in self._trials):
            return little  # does it fail whatever the rate? so many requests tell soonest
        if edge.by == "bracket":  # too little was late for a line: the bracket may stand too low, by chance
            return edge.rate * (1 + WITHIN) ** repeats
        slope = self._tail.slope(edge.rate, self.terms.objective.misses)
        return edge.rate * (1 + math.log(_LATE[repeats % len(_LATE)]) / slope)

    def _edge(self, kept: Trial, broken: Trial) -> Edge:
        highest = (self.ceiling or math.inf) * (_BELOW_CEILING + 0.01)
        within = [one for one in self._trials if one.rate <= highest]
        blocks = [block for one in within if (block := one.block(self.terms.objective))]
        low = kept.rate
        if low > highest:  # so short a load may be kept where no lasting one could be
            low = max((one.rate for one in self._trials if one.rate <= highest and self._kept(one)), default=0.0)
        bracket = Edge(math.sqrt(kept.rate * broken.rate), low, broken.rate, "bracket")
        found = find_edge(blocks, self.terms.objective.misses, bracket, self._tail)
        return found.settled(self._early(found.rate)) if found.by == "line" else found

    def _early(self, rate: float) -> float:
        """How much higher, as a share, a rate may be in repeats than in a load that lasts."""
        missing = self._tail.missing(rate, WARM_UP * self.terms.long_s, self.terms.long_s)
        return min(_MOST_EARLY, -math.log1p(-missing) / self._tail.slope(rate, self.terms.objective.misses))

    @property
    def _tail(self) -> Tail:
        workers = self._trials[-1].workers
        fastest = min(one.latency_s for trial in self._trials for one in trial.sent)
        return Tail(self.ceiling or workers / fastest, workers, self.terms.objective.limit_s)

    def _kept(self, trial: Trial) -> bool:
        """Whether the load kept the objective, as far as so few requests can say."""
        if trial.refused or trial.failed_share > max(
            1 - self.terms.availability, 2 / len(trial.sent) if trial.sent else 0
        ):
            return False
        if not trial.sent:  # at so low a rate that none came: nothing was shown
            return False
        expected = self.terms.objective.misses * len(trial.settled)
        late = trial.late_share(self.terms.objective) * len(trial.settled)
        return late <= expected + math.sqrt(expected)

    def _load(self, doing: str, rate: float, seconds: float) -> Trial | None:
        """None where the client was the limit: such a load says nothing of the server."""
        for _ in range(_TRIES):  # once may be the machine's other work
            began = self.clock()
            self.tell(doing, rate, min(1.0, (began - self._began) / self.terms.budget_s))
            trial = self.measure(rate, seconds)
            self._beside_s = max(0.0, self.clock() - began - seconds)
            if not trial.client_was_the_limit(self.terms.objective):
                self._trials.append(trial)
                return trial
            if not self._time_for(seconds):
                break
        return None

    def _time_for(self, seconds: float) -> bool:
        """Whether a load of so long, and what the last one took beside, is over within the budget."""
        return self.clock() - self._began + seconds + self._beside_s <= self.terms.budget_s
