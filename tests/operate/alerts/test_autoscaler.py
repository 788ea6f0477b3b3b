"""The autoscaler's alerts in promtool: each fires when it cannot do what it wants, and none for a model that sleeps, is only
advised, is not autoscaled, or grows as it should.
"""

import pytest

from operate.alerts.scenario import model, of
from operate.promtool import GONE, counter, firing, gauge, given, needs_promtool, series, verdict
from servescope.operate.promql import FORMS

pytestmark = needs_promtool

STEPS = 240  # an hour
MOST = 5
BY = ("model_name",)
AT_MAXIMUM, STALE, LACKS = (f"ServescopeAutoscaler{what}" for what in ("AtMaximum", "InputStale", "LacksWorkers"))
LOADS = ("1", "5", "10", "30", "120", "300", "600", "+Inf")


class World:
    """Models on a server over an hour."""

    def __init__(self):
        self.inputs = {}

    def add(self, name, *, mode="act", applied=2, able=None, withheld=None, age=0, load_s=5, until=STEPS):
        """A number, or segments, for each. `withheld` by bound; `able`: those that are ready or busy, as many as are applied."""
        able = applied if able is None else able
        wanted = {"max": 0, **(withheld or {})}
        for one in ("off", "advise", "act"):
            self.put("servescope_autoscaler_mode", model(name, mode=one), float(one == mode), until)
        self.put("servescope_workers_max", model(name), MOST, until)
        for state, count in (("ready", 0), ("busy", able), ("starting", 1)):
            self.put("servescope_workers", model(name, state=state), count, until)
        if mode != "off":
            self.put("servescope_autoscaler_applied_workers", model(name), applied, until)
            self.put("servescope_autoscaler_input_age_seconds", model(name), age, until)
            for bound, count in wanted.items():
                self.put("servescope_autoscaler_withheld_workers", model(name, bound=bound), count, until)
        for bound in LOADS:
            labels = model(name, le=bound)
            self.put("servescope_worker_load_seconds_bucket", labels, 10.0 * (float(bound) >= load_s), until)

    def put(self, name, labels, value, until):
        """A gauge."""
        segments = value if isinstance(value, list) else [(float(value), until)]
        self.inputs[series(name, labels)] = gauge(*segments, *([GONE] if until < STEPS else []))

    def miss(self, name, share, each=100):
        """Requests outside the latency objective of 99 %."""
        labels = model(name, slo="latency")
        self.inputs[series("servescope_slo_requests_total", labels)] = counter((each, STEPS))
        self.inputs[series("servescope_slo_good_total", labels)] = counter((each * (1 - share), STEPS))
        self.put("servescope_slo_target_ratio", labels, 0.99, STEPS)

    def verdict(self, folder, expected, form="classic"):
        """Promtool's."""
        return verdict(folder, given("15s", self.inputs, expected), of("autoscaler"), form)


def test_at_maximum(tmp_path):
    """It has all that it may, in mode act, and wants more, or the objective burns; for five minutes."""
    w = World()
    w.add("wants more", applied=MOST, withheld={"max": 3})
    w.add("burns", applied=MOST)
    w.miss("burns", 0.08)
    w.add("is advised", mode="advise", applied=MOST, withheld={"max": 3})
    w.miss("is advised", 0.08)
    w.add("has more to give", applied=MOST - 1)
    w.miss("has more to give", 0.5)
    w.add("misses a little", applied=MOST)
    w.miss("misses a little", 0.05)
    w.add("misses two", applied=MOST)
    w.miss("misses two", 0.25, each=0.06)
    w.add("suffices", applied=MOST)
    w.add("for a moment", applied=MOST, withheld={"max": [(0, 40), (3, 16), (0, 184)]})
    w.add("is not autoscaled", mode="off", applied=MOST)
    w.miss("is not autoscaled", 0.5)
    w.add("sleeps", applied=0)
    w.add("shrinks at last", applied=[(MOST, 80), (2, 160)], withheld={"max": [(3, 80), (0, 160)]})
    w.add("gone", applied=MOST, withheld={"max": 3}, until=60)
    early = [(AT_MAXIMUM, name) for name in ("wants more", "burns", "shrinks at last", "gone")]
    late = [(AT_MAXIMUM, name) for name in ("wants more", "burns")]
    expected = [
        firing(4 * 60, BY, []),
        firing(10 * 60, BY, early),
        firing(15 * 60, BY, early),
        firing(59 * 60, BY, late),
    ]
    assert w.verdict(tmp_path, expected) == ""


def test_without_numbers(tmp_path):
    """In every mode but off; not for a moment, and not while some seconds are missing now and then."""
    w = World()
    grows = [(15 * step, 1) for step in range(STEPS)]
    w.add("stale", age=grows)
    w.add("stale, advised", mode="advise", age=grows)
    w.add("back again", age=[*grows[:7], (0, STEPS - 7)])
    w.add("misses now and then", age=[(0 if step % 5 else 40, 1) for step in range(STEPS)])
    w.add("fresh")
    w.add("sleeps", applied=0)
    w.add("is not autoscaled", mode="off", age=grows)
    stale = [(STALE, name) for name in ("stale", "stale, advised")]
    expected = [firing(120, BY, []), firing(150, BY, stale), firing(59 * 60, BY, stale)]
    assert w.verdict(tmp_path, expected) == ""


@pytest.mark.parametrize("form", FORMS)
def test_workers_that_do_not_come(tmp_path, form):
    """For want of room, as they do not load, or as nothing is heard of them for longer than loading takes."""
    w = World()
    w.add("no memory", withheld={"memory": 2})
    w.add("no start", applied=3, able=2, withheld={"failed_starts": 4})
    w.add("no room, advised", mode="advise", withheld={"gpu_memory": 2})
    w.add("no room for a moment", withheld={"memory": [(0, 40), (2, 16), (0, 184)]})
    w.add("at its maximum", applied=MOST, able=MOST)
    w.add("sleeps", applied=0)
    w.add("nobody can work", applied=2, able=0)
    w.add("is not autoscaled", mode="off", applied=4, able=2)
    if form == "classic":  # promtool takes no native histograms, so how long a load takes is not known in that form
        w.add("hangs", applied=4, able=2)
        w.add("takes its time", applied=4, able=2, load_s=200)
        w.add("hangs, advised", mode="advise", applied=4, able=2)
        w.add("comes in time", applied=4, able=[(2, 30), (4, 210)])
        w.add("grows on and on", applied=[(4 + step // 12, 1) for step in range(STEPS)],
              able=[(2 + step // 12, 1) for step in range(STEPS)])  # fmt: skip
        w.add("comes after all", applied=4, able=[(2, 100), (4, 140)])
    by = (*BY, "bound")
    held = [(LACKS, "no memory", "memory"), (LACKS, "no start", "failed_starts")]
    hangs, late, after_all = (
        [(LACKS, name, "loading")] if form == "classic" else []
        for name in ("hangs", "takes its time", "comes after all")
    )
    expected = [
        firing(4 * 60, by, []),
        firing(6 * 60, by, held),
        firing(14 * 60, by, [*held, *hangs, *after_all]),
        firing(27 * 60, by, [*held, *hangs]),
        firing(40 * 60, by, [*held, *hangs, *late]),
    ]
    assert w.verdict(tmp_path, expected, form) == ""


def test_all_of_it_outlives_failed_scrapes(tmp_path):
    """Where each fourth scrape fails, what waits waits on, and what fires fires on."""
    w = World()
    w.add("at its maximum", applied=MOST, withheld={"max": 3})
    w.add("no memory", withheld={"memory": 2})
    w.add("stale", age=500)
    w.add("hangs", applied=4, able=2)
    for name, values in w.inputs.items():
        value = values.partition("x")[0]
        w.inputs[name] = " ".join([f"{value} {value} {value} stale"] * (STEPS // 4))
    wanted = [(AT_MAXIMUM, "at its maximum"), (LACKS, "no memory"), (STALE, "stale"), (LACKS, "hangs")]
    expected = [firing(at, BY, wanted) for at in (1800, 1815, 1830, 1845)]
    assert w.verdict(tmp_path, expected) == ""
