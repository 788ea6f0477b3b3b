"""What is wrong, judged on a registry that the test writes: in which words, since when, and in which order."""

import pytest

from servescope.config.model.objectives import Objectives
from servescope.console.evidence.gathered import Gathered
from servescope.console.evidence.watch import COMING, Watch
from servescope.console.history.memory import STEP_S, Memory
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry

MODEL = ("m", "1.0")


class Shop:
    """A registry with one model of one worker, and a clock that the test moves."""

    def __init__(self):
        self.at = 1_000_000.0
        self.passed = 0.0
        self.registry = Registry()
        Recorder(self.registry, "h").model(*MODEL, Objectives(latency_s=0.1, latency_target=0.99))
        self.gauge("servescope_workers_max", 1)
        self.gauge("servescope_workers_min", 1)
        self.gauge("servescope_workers", 1, "ready")
        self.memory = Memory(self.registry, "host", lambda: self.at)
        self.watch = Watch(clock=lambda: self.passed)
        self.step(0)

    def gauge(self, name, value, *labels):
        self.registry.gauge(name).labels(*MODEL, *labels).value = float(value)

    def requests(self, count, code="200"):
        self.registry.counter("servescope_requests_total").labels(*MODEL, "rest", "predict", code).value += count

    def step(self, seconds=STEP_S):
        """So much later: a step for each five seconds, and a look at each."""
        for _ in range(max(1, round(seconds / STEP_S))):
            self.at += STEP_S
            self.passed += STEP_S
            for _ in self.memory.tick():
                pass
            found = self.watch.look(Gathered(self.memory, self.memory.now()))
        return {finding.rule.name: finding for finding in found}


def test_nothing():
    """A server at rest has nothing wrong."""
    assert Shop().step(60) == {}


def test_errors():
    """They are pending until they have lasted as long as their alert's would, then firing; and over once they are."""
    shop = Shop()
    shop.requests(100)
    shop.requests(50, "500")
    finding = shop.step()["ServescopeManyErrors"]
    said = finding.document()
    assert said["summary"] == "m 1.0 answers more than 10 % of its requests with 5xx"
    assert said["description"].startswith("33.3 % of the requests of m 1.0")
    assert (said["severity"], said["standing"], said["place"]) == ("page", "pending", "#/model/m/1.0")
    began = shop.at
    for _ in range(60):
        shop.requests(10, "500")
        found = shop.step()
    assert found["ServescopeManyErrors"].document()["standing"] == "firing"
    assert found["ServescopeManyErrors"].document()["since"] == began
    shop.step(300)
    assert "ServescopeManyErrors" not in shop.step()


@pytest.mark.parametrize("jump_s", [-3600, 3600])
def test_a_clock_that_is_set(jump_s):
    """How long something has lasted goes by no clock that can be set: neither is an alert made by that, nor lost."""
    shop = Shop()
    shop.gauge("servescope_workers", 0, "ready")
    shop.step(60)
    shop.at += jump_s
    assert shop.step()["ServescopeModelNotReady"].document()["standing"] == "pending"
    finding = shop.step(120)["ServescopeModelNotReady"]
    assert finding.document()["standing"] == "firing"
    assert finding.document()["since"] == shop.at - 60 - 5 - 120 + STEP_S


def test_few_errors():
    """A few failures, or a few requests, are no reason to say so."""
    shop = Shop()
    shop.requests(4, "500")
    shop.requests(6)
    assert shop.step() == {}


def test_front_ends_that_are_replaced():
    """Often, in a quarter of an hour: it is so at once, and of the server."""
    shop = Shop()
    restarts = {
        reason: shop.registry.counter("servescope_front_end_restarts_total").labels(reason)
        for reason in ("died", "hung")
    }
    shop.step()
    restarts["died"].value += 2
    assert shop.step() == {}
    restarts["hung"].value += 1
    said = shop.step()["ServescopeFrontEndsRestart"].document()
    assert (said["severity"], said["standing"]) == ("page", "firing")
    assert said["description"].startswith("Front ends of this server were replaced 3 times")
    assert shop.step(905) == {}


def test_lines_that_are_lost():
    """Of which log, for a quarter of an hour."""
    shop = Shop()
    lost = {log: shop.registry.counter("servescope_log_lost_lines_total").labels(log) for log in ("ts_log", "stdout")}
    shop.step()
    lost["stdout"].value += 3
    said = shop.step()["ServescopeLogLinesLost"].document()
    assert (said["severity"], said["standing"]) == ("ticket", "firing")
    assert said["description"].startswith("3 lines of stdout on this server were not written")
    assert shop.step(905) == {}


def test_a_model_that_answers_nobody():
    """From a quarter of its time on it is said to come; when its time is up it is so at once."""
    shop = Shop()
    shop.gauge("servescope_workers", 0, "ready")
    shop.gauge("servescope_workers", 1, "busy")
    for passed in range(5, 131, 5):
        shop.gauge("servescope_worker_batch_seconds", passed, "W-9000-m_1.0")
        shop.gauge("servescope_in_flight_oldest_seconds", passed)
        found = shop.step()
        if passed <= 30:
            assert found == {}
        else:
            said = found["ServescopeModelStuck"].document()
            assert said["standing"] == ("pending" if passed <= 120 else "firing")
            assert said["description"].startswith(COMING) == (passed <= 120)
    shop.requests(1)
    assert shop.step() == {}


def test_order():
    """What fires comes before what is pending, pages before tickets, causes before symptoms."""
    shop = Shop()
    shop.gauge("servescope_workers", 0, "ready")
    shop.requests(100, "500")
    shop.requests(20, "499")
    found = [finding.rule.name for finding in shop.watch.look(Gathered(shop.memory, shop.memory.now()))]
    assert found == ["ServescopeModelNotReady"]
    names = list(shop.step())
    assert names.index("ServescopeClientsGiveUp") < names.index("ServescopeModelNotReady")
    (clients,) = [one for one in shop.watch.look(Gathered(shop.memory, shop.memory.now())) if one.rule.name == names[0]]
    assert clients.behind is None  # it fires, and its cause does not yet
    assert (
        names.index("ServescopeModelNotReady") < names.index("ServescopeManyErrors") < names.index("ServescopeErrors")
    )


def test_what_stands_behind_something_worse():
    """Errors behind many errors, and a model's symptoms behind their cause once that is so; no other model's, and never a cause."""
    shop = Shop()
    shop.requests(100, "500")
    found = shop.step()
    assert {name: one.behind and one.behind.name for name, one in found.items()} == {
        "ServescopeManyErrors": None,
        "ServescopeErrors": "ServescopeManyErrors",
    }
    shop.gauge("servescope_workers", 0, "ready")
    other = Recorder(shop.registry, "h")
    other.model("other", "1.0")
    shop.registry.gauge("servescope_workers_max").labels("other", "1.0").value = 1.0
    shop.registry.counter("servescope_requests_total").labels("other", "1.0", "rest", "predict", "500").value += 100
    shop.step()
    found = shop.watch.look(Gathered(shop.memory, shop.memory.now()))
    behind = {(one.labels["model_name"], one.rule.name): one.document()["behind"] for one in found}
    assert behind == {
        ("m", "ServescopeModelNotReady"): None,
        ("m", "ServescopeManyErrors"): "ServescopeModelNotReady",
        ("m", "ServescopeErrors"): "ServescopeModelNotReady",
        ("other", "ServescopeManyErrors"): None,
        ("other", "ServescopeErrors"): "ServescopeManyErrors",
    }
