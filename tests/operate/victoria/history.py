"""Hours of a few servers and models, sample by sample: in, how many; out, the samples of each series by step.

A sample is a number, None where there was no scrape, or "stale" where a series ended. What happens is what has set
VictoriaMetrics and Prometheus apart: models that are young, counters that are met late, restarts, bursts, errors by ones.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from operate.promtool import series

RESTARTS = (150, 230, 470)  # of a third one
REPLACED = 140  # when a fourth one goes, and a fifth comes for it
LATE = 120  # when the second server comes
Sample = float | str | None
Job = Callable[[int], dict[int, float]]

CODES = (200, 408, 499, 500, 503)
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass
class History:
    """Samples by series. `born`: the step at which a server comes; `restarts`: those at which its counters begin anew."""

    steps: int
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def gauge(self, name: str, labels: dict[str, str], value: Callable[[int], float], born: int = 0) -> None:
        """A gauge by step."""
        self.samples[series(name, labels)] = [None if step < born else value(step) for step in range(self.steps)]

    def counter(
        self,
        name: str,
        labels: dict[str, str],
        grown: Callable[[int], float],
        born: int = 0,
        restarts: tuple[int, ...] = (),
        first: float = 0.0,
    ) -> None:
        """A counter that begins at `first` and grows by so much at each step. A restart costs two scrapes."""
        samples: list[Sample] = []
        value = first
        for step in range(self.steps):
            if step in restarts:
                value = 0.0
                samples.append("stale")
            elif step - 1 in restarts or step < born:
                samples.append(None)
            else:
                value += grown(step) if step > born else 0.0
                samples.append(value)
        self.samples[series(name, labels)] = samples

    def end(self, instance: str, step: int) -> None:
        """A server goes at a step, with all its series."""
        for name, samples in self.samples.items():
            if f'instance="{instance}"' in name:
                samples[step:] = ["stale", *[None] * (self.steps - step - 1)]


@dataclass
class Model:
    """One model on one server. `answers`: how many get which code at a step; `slow`: the share that takes longer than 1 s."""

    name: str
    answers: Job
    instance: str = "a:8082"
    slow: Callable[[int], float] = lambda step: 0.005
    born: int = 0
    restarts: tuple[int, ...] = ()
    first: dict[int, float] = field(default_factory=dict)
    target: float = 0.999
    limit_s: float = 0.5

    @property
    def labels(self) -> dict[str, str]:
        """As on its series."""
        return {"job": "servescope", "instance": self.instance, "model_name": self.name, "model_version": "1.0"}

    def write(self, history: History) -> None:
        """Its requests, durations, objectives and workers."""
        code = {each: lambda step, each=each: self.answers(step).get(each, 0.0) for each in CODES}
        for each in CODES:
            labels = {**self.labels, "transport": "rest", "route": "predict", "code": str(each)}
            self._count(history, "servescope_requests_total", labels, code[each], self.first.get(each, 0.0))
        self._durations(history, code[200])
        self._objectives(history)
        for reason, part in (("queue_full", 1.0), ("no_worker", 0.0), ("deadline", 0.0)):
            refused = lambda step, part=part: part * code[503](step)  # noqa: E731
            self._count(history, "servescope_rejected_total", {**self.labels, "reason": reason}, refused)
        for name in ("servescope_workers_min", "servescope_workers_max", "servescope_workers_wanted"):
            history.gauge(name, self.labels, lambda step: 1.0, self.born)

    def _durations(self, history: History, ok: Callable[[int], float]) -> None:
        name = "servescope_request_duration_seconds"
        labels = {**self.labels, "outcome": "ok"}
        shares = {0.1: 0.4, 0.25: 0.7, 0.5: 0.9, 1.0: 1.0, 2.5: 1.0}
        for bound in (*BOUNDS, "+Inf"):
            share = 1.0 if bound in (2.5, "+Inf") else shares[bound]
            less = bound not in (2.5, "+Inf")
            grown = lambda step, share=share, less=less: ok(step) * share * (1 - self.slow(step) * less)  # noqa: E731
            text = bound if isinstance(bound, str) else f"{bound:g}"
            self._count(history, f"{name}_bucket", {**labels, "le": text}, grown)
        self._count(history, f"{name}_count", labels, ok)
        self._count(history, f"{name}_sum", labels, lambda step: 0.3 * ok(step))
        self._count(
            history,
            "servescope_request_stage_seconds_sum",
            {**self.labels, "stage": "handler"},
            lambda step: 0.2 * ok(step),
        )

    def _objectives(self, history: History) -> None:
        def all_of(step: int) -> float:
            return sum(self.answers(step).values())

        def well(step: int) -> float:
            return self.answers(step).get(200, 0.0)

        bad_before = sum(count for code, count in self.first.items() if code != 200)
        for slo, good in (("availability", well), ("latency", lambda step: well(step) * (1 - self.slow(step)))):
            labels = {**self.labels, "slo": slo}
            self._count(history, "servescope_slo_requests_total", labels, all_of, self.first.get(200, 0.0) + bad_before)
            self._count(history, "servescope_slo_good_total", labels, good, self.first.get(200, 0.0))
            history.gauge("servescope_slo_target_ratio", labels, lambda step: self.target, self.born)
        latency = {**self.labels, "slo": "latency"}
        history.gauge("servescope_slo_threshold_seconds", latency, lambda step: self.limit_s, self.born)

    def _count(
        self, history: History, name: str, labels: dict[str, str], grown: Callable[[int], float], first: float = 0.0
    ) -> None:
        history.counter(name, labels, grown, self.born, self.restarts, first)


def history_of(steps: int) -> History:
    """What the tests look at."""
    history = History(steps)
    for model in _models():
        model.write(history)
    _workers(history)
    _autoscalers(history)
    _servers(history)
    history.end("d:8082", REPLACED)
    return history


def _models() -> list[Model]:
    dice = random.Random(17)
    load = [dice.randrange(20, 120) for _ in range(1000)]
    return [
        Model("steady", lambda step: {200: 99.0, 503: 1.0}),
        Model("ill", lambda step: {200: 70.0, 500: 30.0}, slow=lambda step: 0.05),
        # Errors come and go, under a load that leaps, with restarts in between.
        Model(
            "uneven",
            lambda step: {200: float(load[step]), 500: 4.0 * (200 < step < 260)},
            slow=lambda step: 0.03 * (step % 200 < 90),
            instance="c:8082",
            restarts=RESTARTS,
        ),
        # A server joins at which the same model fails at first.
        Model("shared", lambda step: {200: 100.0}),
        Model(
            "shared",
            lambda step: {200: 0.0, 503: 60.0} if step < LATE + 6 else {200: 100.0},
            instance="b:8082",
            born=LATE,
        ),
        # A pod that is replaced by another one: what it had counted is not forgotten with it.
        Model("replaced", lambda step: {200: 6.0, 500: 2.0}, instance="d:8082"),
        Model("replaced", lambda step: {200: 8.0}, instance="e:8082", born=REPLACED),
        # Errors of long before the first scrape, and one after it.
        Model("met late", lambda step: {200: 1.0 * (step % 4 == 0), 500: 1.0 * (step == 130)}, first={200: 45, 500: 9}),
        Model("met quiet", lambda step: {}, first={200: 30, 500: 20}),
        # One error after 130 good requests, then four, then more than enough.
        Model("one error", lambda step: {200: 2.0 * (step < 65), 500: 1.0 * (step == 80)}),
        Model("four errors", lambda step: {200: 2.0 * (step < 65), 500: 1.0 * (step in (80, 84, 90, 91))}),
        Model("five errors", lambda step: {200: 2.0 * (step < 65), 500: 1.0 * (80 <= step < 85)}),
        Model("impatient", lambda step: {200: 20.0, 499: 5.0 * (130 < step < 230)}),
        Model("hung", lambda step: {200: 20.0} if step < 200 else {499: 2.0}, restarts=(400,)),
        Model("too late", lambda step: {200: 5.0} if step < 100 or step > 300 else {408: 3.0}),
    ]  # fmt: skip


def _workers(history: History) -> None:
    """One worker a model; that of `hung` is at one batch from step 200 on, that of `too late` is always at another."""
    busy_for = {"hung": lambda step: 15.0 * (step - 200) if 200 <= step < 400 else 0.0, "too late": lambda step: 4.0}
    for model in _models():
        labels = model.labels
        at_it = busy_for.get(model.name, lambda step: 0.0)
        worker = {**labels, "worker": "W-9000"}
        history.gauge("servescope_worker_batch_seconds", worker, at_it, model.born)
        history.gauge("servescope_in_flight_oldest_seconds", labels, at_it, model.born)
        history.gauge("servescope_queue_oldest_seconds", labels, lambda step: 0.0, model.born)
        for state in ("ready", "busy"):
            is_it = lambda step, at_it=at_it, state=state: float((at_it(step) > 0) == (state == "busy"))  # noqa: E731
            history.gauge("servescope_workers", {**labels, "state": state}, is_it, model.born)
        history.counter(
            "servescope_worker_busy_seconds_total", worker, lambda step: 7.0, model.born, model.restarts, first=3.0
        )
        for reason, often in (("exit", 30), ("oom", 45)):
            died = lambda step, often=often, ill=model.name == "ill": float(ill and step % often == 0)  # noqa: E731
            before = 5.0 if model.name == "met late" else 0.0
            labelled = {**labels, "reason": reason}
            history.counter("servescope_worker_restarts_total", labelled, died, model.born, model.restarts, before)


def _autoscalers(history: History) -> None:
    """One is at its maximum, wants more for a while, and has no room then; one burns there; of one two workers do not come, and the
    server of one begins anew while numbers are missing.
    """
    autoscaled = {"steady": ("act", 1), "ill": ("act", 1), "impatient": ("act", 3), "uneven": ("advise", 1)}
    for model in _models():
        if model.name not in autoscaled:
            continue
        mode, applied = autoscaled[model.name]
        for one in ("off", "advise", "act"):
            labels = {**model.labels, "mode": one}
            history.gauge("servescope_autoscaler_mode", labels, lambda step, on=one == mode: float(on))
        count = lambda step, applied=applied: float(applied if step < 400 else 1)  # noqa: E731
        history.gauge("servescope_autoscaler_applied_workers", model.labels, count)
        missing = lambda step, of=model.name: 15.0 * (step - 100) * (of == "uneven" and 100 < step < 200)  # noqa: E731
        history.gauge("servescope_autoscaler_input_age_seconds", model.labels, missing)
        for bound, since in (("max", 50), ("memory", 250)):
            labels = {**model.labels, "bound": bound}
            more = lambda step, of=model.name, since=since: 2.0 * (of == "steady" and since < step < since + 150)  # noqa: E731
            history.gauge("servescope_autoscaler_withheld_workers", labels, more)
        for bound in ("1", "5", "10", "+Inf"):
            loaded = lambda step, bound=bound: 1.0 * (step % 60 == 0 and float(bound) > 2)  # noqa: E731
            labels = {**model.labels, "le": bound}
            history.counter("servescope_worker_load_seconds_bucket", labels, loaded, restarts=model.restarts, first=1.0)


def _servers(history: History) -> None:
    """One begins anew now and then, and one again and again, which is asked for models that it has not, too.

    Times are from the history's begin.
    """
    began = lambda step: 15.0 * max((at for at in RESTARTS if at < step), default=-7000)  # noqa: E731
    history.gauge("process_start_time_seconds", {"job": "servescope", "instance": "c:8082"}, began)
    for instance in ("a:8082", "b:8082"):
        labels = {"job": "servescope", "instance": instance}
        late = instance == "b:8082"
        history.gauge("up", labels, lambda step, late=late: float(not (late and step % 5 == 4)), LATE * late)
        starts = lambda step, late=late: -100_000.0 + (step // 17 if late and step > 200 else 0)  # noqa: E731
        history.gauge("process_start_time_seconds", labels, starts, LATE * late)
        asked = {**labels, "listener": "inference", "method": "POST", "path": "/predictions/{model_name}"}
        unknown = lambda step, late=late: 30.0 * (late and step > 200)  # noqa: E731
        history.counter("servescope_http_requests_total", {**asked, "code": "200"}, lambda step: 50.0, LATE * late)
        history.counter("servescope_http_requests_total", {**asked, "code": "404"}, unknown, LATE * late, first=12.0)
        missing = {**labels, "model_name": "nosuch", "reason": "not_found"}
        history.gauge("servescope_models_missing", missing, lambda step: 1.0, LATE)
        mount = {**labels, "mount": "/", "directories": "logs"}
        history.gauge("servescope_disk_used_bytes", mount, lambda step: 50.0 + min(step, 190) / 4, LATE * late)
        history.gauge("servescope_disk_available_bytes", mount, lambda step: 50.0 - min(step, 190) / 4, LATE * late)
        dropped = {**labels, "family": "hits"}
        history.counter(
            "servescope_series_dropped_total", dropped, lambda step: 1.0 * (step % 90 == 0), LATE * late, (), 3
        )
