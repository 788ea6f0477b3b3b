"""A model that answers nobody, in promtool: whatever its clients do, it fires; a model that is slow, or asked rarely, is let be."""

import pytest

from operate.alerts.scenario import model, of
from operate.promtool import RESET, counter, firing, gauge, given, needs_promtool, series, verdict
from servescope.operate.promql import FORMS

pytestmark = needs_promtool

STEPS = 240  # an hour
HANGS = 80  # from here on, a third of the way
CODES = ("200", "400", "408", "499", "500", "503")


class World:
    """Models on a server, each with workers and answers by code, over an hour."""

    def __init__(self):
        self.inputs = {}

    def add(self, name, codes, *, workers, oldest, seconds=0.3, tokens=None, resets=()):
        """`codes`: segments of (count, steps) by code. `workers`: for each, how long it is at its batch, by step."""
        for code in CODES:
            labels = model(name, transport="rest", route="predict", code=code)
            self.inputs[series("servescope_requests_total", labels)] = counter(*codes.get(code, [(0, STEPS)]))
        for number, at_it in enumerate(workers):
            self.put("servescope_worker_batch_seconds", model(name, worker=f"W-{number}"), at_it)
        self.put("servescope_in_flight_oldest_seconds", model(name), oldest)
        for state in ("ready", "busy"):
            self.put(
                "servescope_workers",
                model(name, state=state),
                lambda step: sum((at_it(step) > 0) == (state == "busy") for at_it in workers),  # noqa: B023
            )
        self.inputs[series("servescope_workers_max", model(name))] = gauge((len(workers), STEPS))
        self._durations(name, codes.get("200", [(0, STEPS)]), seconds)
        if tokens is not None:
            made = model(name, kind="generation")
            self.inputs[series("servescope_llm_tokens_total", made)] = counter((tokens, STEPS))

    def put(self, name, labels, value):
        """A gauge by step."""
        self.inputs[series(name, labels)] = " ".join(f"{value(step):g}" for step in range(STEPS))

    def _durations(self, name, ok, seconds):
        def part(share):
            return counter(*(one if one == RESET else (one[0] * share, one[1]) for one in ok))

        family = "servescope_request_duration_seconds"
        labels = model(name, outcome="ok")
        for bound in ("0.25", "0.5", "60", "+Inf"):
            self.inputs[series(f"{family}_bucket", {**labels, "le": bound})] = part(float(bound) >= seconds)
        self.inputs[series(f"{family}_count", labels)] = part(1)
        self.inputs[series(f"{family}_sum", labels)] = part(seconds)


def idle(_step):
    return 0


def since(began, until=STEPS):
    """At one batch from a step on."""
    return lambda step: 15 * (step - began) if began < step < until else 0


def turns(step):
    """At another batch at each scrape."""
    return 4


def well_until(step, each=20):
    return [(each, step), (0, STEPS - step)]


def after(step, each, until=STEPS):
    return [(0, step), (each, until - step), (0, STEPS - until)]


def world():
    """See the test."""
    w = World()
    hung = since(HANGS)
    w.add("impatient", {"200": well_until(HANGS), "499": after(HANGS, 8)}, workers=[hung], oldest=hung)
    w.add("patient", {"200": well_until(HANGS)}, workers=[hung], oldest=hung)
    w.add(
        "mixed", {"200": well_until(HANGS), "499": after(HANGS, 3), "408": after(HANGS, 1)}, workers=[hung], oldest=hung
    )
    w.add("too large asked too", {"200": well_until(HANGS), "400": after(HANGS, 1)}, workers=[hung], oldest=hung)
    w.add("times out", {"200": well_until(HANGS), "408": after(HANGS, 8)}, workers=[hung, hung], oldest=hung)
    w.add("never answered", {"408": [(1, STEPS)]}, workers=[since(0)], oldest=since(0))
    w.add("one by one", {"200": well_until(HANGS + 8)}, workers=[hung, since(HANGS + 8)], oldest=hung)
    # Workers get through, after everybody has left.
    w.add("too late", {"200": well_until(HANGS), "499": after(HANGS, 2)}, workers=[turns], oldest=turns)
    w.add("too late, errors between", {"200": well_until(HANGS), "408": after(HANGS, 2), "500": after(HANGS, 1)},
          workers=[turns], oldest=turns)  # fmt: skip
    # None of these.
    w.add("one of two hangs", {"200": [(20, STEPS)]}, workers=[hung, turns], oldest=hung)
    w.add("one is free", {}, workers=[hung, idle], oldest=hung)
    w.add("busy", {"200": [(20, STEPS)]}, workers=[turns], oldest=turns)
    w.add("idle", {}, workers=[idle], oldest=idle)
    w.add("no client waits", {"499": after(HANGS, 1, HANGS + 1)}, workers=[since(HANGS, HANGS + 3)], oldest=idle)
    w.add("few leave", {"499": after(HANGS, 1, HANGS + 4)}, workers=[turns], oldest=turns)
    w.add("only errors", {"500": [(9, STEPS)]}, workers=[turns], oldest=turns)
    w.add("only bad requests", {"400": [(9, STEPS)]}, workers=[turns], oldest=turns)
    w.add("some leave", {"200": [(1, STEPS)], "499": [(20, STEPS)]}, workers=[turns], oldest=turns)
    w.add("wakes", {"200": well_until(HANGS), "499": after(HANGS, 2)}, workers=[turns], oldest=turns)
    w.put("servescope_workers", model("wakes", state="waking"), lambda step: int(step >= HANGS))
    w.add("slow", {"200": [(0, 15), (1, 1), (0, 39), (1, 1), (0, 184)]}, workers=[since(HANGS, HANGS + 80)],
          oldest=since(HANGS, HANGS + 80), seconds=600)  # fmt: skip
    w.add("long answer", {"200": well_until(HANGS)}, workers=[since(HANGS)], oldest=since(HANGS), tokens=90)
    w.add("recovered", {"200": [(20, HANGS), (0, 5), (20, 155)]}, workers=[since(HANGS, HANGS + 5)],
          oldest=since(HANGS, HANGS + 5))  # fmt: skip
    w.add("began again", {"200": [(20, HANGS), RESET, (20, STEPS - HANGS - 1)]}, workers=[turns], oldest=turns)
    return w.inputs


@pytest.mark.parametrize("form", FORMS)
def test_who_answers_nobody(tmp_path, form):
    """Two minutes after a worker hung, and not before; it lasts as long as the worker does, whether or not clients come."""
    stuck = {"impatient", "patient", "mixed", "too large asked too", "times out", "one by one", "never answered"}
    late = {"too late", "too late, errors between"}
    hung_s = HANGS * 15

    def at(seconds, names):
        return firing(seconds, ("severity", "model_name"), [("ServescopeModelStuck", "page", name) for name in names])

    expected = [
        at(60, set()),
        at(hung_s - 30, {"never answered"}),
        at(hung_s + 90, {"never answered"}),
        at(hung_s + 150, stuck - {"one by one"} | late),
        at(hung_s + 300, stuck | late),
        at(STEPS * 15 - 30, stuck | late),
    ]
    rules = [rule for rule in of("workers") if rule["alert"] == "ServescopeModelStuck"]
    inputs = world() if form == "classic" else natively(world())
    assert verdict(tmp_path, given("15s", inputs, expected), rules, form) == ""


def natively(inputs):
    """Without the classic parts: promtool takes no native histograms, so nothing is known of what is normal."""
    return {name: values for name, values in inputs.items() if "duration" not in name and '"slow"' not in name}
