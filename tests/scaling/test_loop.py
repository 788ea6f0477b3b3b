"""The autoscaler's loop, over real pools and queues, in virtual time."""

from fleet.clock import run
from metrics.series import series
from scaling.scaled import AutoscaledModel, sleeping

YAML = "minWorkers: 1\nmaxWorkers: 6\nslo: {latency_ms: 500}\nautoscale: {mode: %s, window_s: 20, hold_s: 5}\n"


async def stepped(directory, mode):
    model = AutoscaledModel(directory, sleeping(0.1), YAML % mode, job_queue_size=1000)
    await model.begin()
    counts = []
    for rate, seconds in ((1, 20), (30, 60), (1, 120)):
        await model.ask(rate, seconds)
        counts.append(model.count)
    await model.answered()
    return model, counts


async def acts(directory):
    model, counts = await stepped(directory, "act")
    assert counts[0] == 1
    assert 3 <= counts[1] <= 6
    assert counts[2] == 1
    assert not model.errors
    decisions = model.report["decisions"]
    assert {"up", "down"} <= {decision["direction"] for decision in decisions}
    labels = ("m", "1.0")
    assert series(model.registry, "servescope_autoscaler_applied_workers")[labels] == 1.0


def test_act_follows_the_load(tmp_path):
    """From one worker to several and back, and no request fails."""
    run(acts(tmp_path))


async def advises(directory):
    model, counts = await stepped(directory, "advise")
    assert counts == [1, 1, 1]
    assert max(decision["desired"] for decision in model.report["decisions"]) >= 3


def test_advise_touches_nothing(tmp_path):
    """It decides and keeps what it decided."""
    run(advises(tmp_path))
