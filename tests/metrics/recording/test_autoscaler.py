"""What is decided about a model becomes series, which live as long as they mean something."""

from clock import Clock
from metrics.series import series
from servescope.metrics.definitions import MODES
from servescope.metrics.definitions.autoscaler import AUTOSCALER
from servescope.metrics.recording.recorder import KEPT_S, Recorder
from servescope.metrics.registry import Registry

MODEL = ("m", "1.0")
NAMES = [definition.name.removeprefix("servescope_autoscaler_") for definition in AUTOSCALER]


class Bench:
    """A model's recorder over a clock that is set by hand."""

    def __init__(self):
        self.clock = Clock(0.0)
        self.registry = Registry()
        self.recorder = Recorder(self.registry, "h", self.clock)
        self.autoscaler = self.recorder.model(*MODEL).autoscaler

    def values(self, name):
        """By the labels after the model's."""
        return {labels[2:]: value for labels, value in series(self.registry, f"servescope_autoscaler_{name}").items()}

    def decide(self, desired=3, bound=None, withheld=0, **signals):
        self.autoscaler.decided(desired, signals, "up", "latency_slo", bound, withheld)

    def begin(self):
        self.autoscaler.mode("act")
        self.autoscaler.watch(lambda: 2.0, lambda: 0.5)

    @property
    def shown(self):
        return {name for name in NAMES if self.values(name)}


def test_nothing_of_a_model_that_nobody_autoscales():
    """No series at all."""
    assert not Bench().shown


def test_a_decision():
    """Signals that are not there any more go; decisions are counted by direction and reason."""
    bench = Bench()
    bench.begin()
    bench.decide(latency_slo=3, concurrency=1)
    bench.decide(latency_slo=2)
    assert bench.values("desired_workers") == {(): 3.0}
    assert bench.values("applied_workers") == {(): 2.0}
    assert bench.values("signal") == {("latency_slo",): 2.0}
    assert bench.values("decisions_total") == {("up", "latency_slo"): 2.0}
    assert bench.values("input_age_seconds") == {(): 0.5}
    assert bench.values("mode") == {(mode,): float(mode == "act") for mode in MODES}


def test_what_a_bound_withholds():
    """By the bound that holds; others that held before read 0, a step is none of them, and the ceiling is there from the start."""
    bench = Bench()
    bench.begin()
    bench.decide(bound="step", withheld=4)
    assert bench.values("withheld_workers") == {("max",): 0.0}
    bench.decide(bound="max", withheld=2)
    assert bench.values("withheld_workers") == {("max",): 2.0}
    bench.decide(bound="memory", withheld=1)
    assert bench.values("withheld_workers") == {("max",): 0.0, ("memory",): 1.0}
    bench.decide(bound="min", withheld=0)
    assert bench.values("withheld_workers") == {("max",): 0.0, ("memory",): 0.0}


def test_off():
    """The mode says so, the counter stays; all else goes."""
    bench = Bench()
    bench.begin()
    bench.decide(latency_slo=3)
    bench.autoscaler.mode("off")
    assert bench.shown == {"mode", "decisions_total"}
    assert bench.values("mode")["off",] == 1.0


def test_they_end_with_the_model():
    """Gauges at once, the counter five minutes later."""
    bench = Bench()
    bench.begin()
    bench.decide(latency_slo=3)
    bench.recorder.forget(*MODEL)
    assert bench.shown == {"decisions_total"}
    bench.clock.now = KEPT_S + 1
    assert not bench.shown
