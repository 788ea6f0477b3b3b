"""The autoscaler's loop, over real pools and queues, in virtual time."""

import asyncio
import logging

import pytest

from fleet.clock import run, until
from fleet.scripted import Life, silent
from metrics.series import series
from scaling.scaled import AutoscaledModel, sleeping
from servescope.config.model.autoscale import Mode
from servescope.scaling.measures import Measures
from servescope.wire.messages import Batch, Load, ToWorker

YAML = "minWorkers: 1\nmaxWorkers: 6\nslo: {latency_ms: 500}\nautoscale: {mode: %s, window_s: 20, longest_hold_s: 20}\n"
LABELS = ("m", "1.0")


async def autoscaled(directory, mode="act", script=None) -> AutoscaledModel:
    model = AutoscaledModel(directory, script or sleeping(0.1), YAML % mode, job_queue_size=1000)
    await model.begin()
    return model


def said(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "servescope.scaling"]


async def stepped(directory, mode):
    model = await autoscaled(directory, mode)
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
    assert {"up", "down"} <= {decision["direction"] for decision in model.report["decisions"]}
    assert series(model.registry, "servescope_autoscaler_applied_workers")[LABELS] == 1.0
    assert sum(series(model.registry, "servescope_autoscaler_decisions_total").values()) == pytest.approx(200, abs=5)


def test_act_follows_the_load(tmp_path):
    """From one worker to several and back; no request fails, and there is a decision a second."""
    run(acts(tmp_path))


async def advises(directory):
    model, counts = await stepped(directory, "advise")
    assert counts == [1, 1, 1]
    assert max(decision["desired"] for decision in model.report["decisions"]) >= 3


def test_advise_touches_nothing(tmp_path, caplog):
    """It decides, keeps and logs what it decided."""
    caplog.set_level(logging.INFO)
    run(advises(tmp_path))
    assert "Autoscaler (advise): model m version 1.0: between 1 and 6 workers; 1 now" in said(caplog)
    assert any("up from 1 to 2" in line for line in said(caplog))


async def steady(directory, caplog):
    model = await autoscaled(directory)
    await model.ask(5, 60)
    caplog.clear()
    await model.ask(5, 120)
    assert len(said(caplog)) <= 2


def test_a_steady_load_is_not_worth_a_line(tmp_path, caplog):
    """What is logged is what changes, not every second."""
    caplog.set_level(logging.INFO)
    run(steady(tmp_path, caplog))


async def sleeps(directory):
    yaml = "minWorkers: 0\nmaxWorkers: 3\nautoscale: {mode: act, scaleToZeroAfterSec: 20}\n"
    model = AutoscaledModel(directory, sleeping(0.1), yaml)
    await model.begin()
    await asyncio.sleep(30)
    assert (model.count, len(model.lives)) == (0, 0)
    await model.ask(2, 10)
    assert model.count == 1
    await asyncio.sleep(30)
    assert model.count == 0


def test_to_zero(tmp_path):
    """A model that may sleep begins asleep where minWorkers is 0, is woken by who asks, and sleeps again."""
    run(sleeps(tmp_path))


async def off(directory):
    model = AutoscaledModel(directory, sleeping(0.1), "minWorkers: 1\nmaxWorkers: 4\n")
    await model.begin()
    await model.ask(30, 20)
    assert (model.count, model.loop.report(model.model)) == (1, None)
    assert not series(model.registry, "servescope_autoscaler_mode")


def test_nobody_is_autoscaled_who_did_not_ask(tmp_path):
    """TorchServe's minWorkers 1 and maxWorkers 4: one worker, whatever comes, and no series."""
    run(off(tmp_path))


async def switched(directory):
    model = await autoscaled(directory, "off")
    await model.ask(30, 10)
    assert model.count == 1
    assert (await model.put(autoscale=Mode.ACT)).text == "Autoscaling of model m version 1.0 is act now"
    assert (model.report["mode"], model.report["desired"], model.report["decisions"]) == ("act", None, [])
    await model.ask(30, 10)
    assert model.count >= 3
    await model.put(autoscale=Mode.ADVISE)
    assert (model.report["mode"], model.count >= 3) == ("advise", True)
    await model.put(autoscale=Mode.OFF)
    assert (model.count, model.loop.report(model.model)) == (1, None)
    await asyncio.sleep(2)
    modes = series(model.registry, "servescope_autoscaler_mode")
    assert modes == {(*LABELS, "off"): 1.0, (*LABELS, "advise"): 0.0, (*LABELS, "act"): 0.0}
    for gauge in ("desired_workers", "applied_workers", "signal", "input_age_seconds"):
        assert not series(model.registry, f"servescope_autoscaler_{gauge}")
    await model.answered()
    assert not model.errors


def test_the_mode_is_switched_at_run_time(tmp_path):
    """On; to advice, which leaves the count; off, which goes back to minWorkers. Its series go, its counter stays."""
    run(switched(tmp_path))


async def held(directory, caplog):
    model = await autoscaled(directory)
    await model.ask(2, 40)
    await model.put(min_worker=3)
    options = model.model.options
    assert (options.min_workers, options.max_workers, model.count) == (3, 6, 3)
    await model.put(min_worker=1)
    assert (options.max_workers, model.count) == (6, 3)
    await model.ask(2, 40)
    assert model.count == 3
    text = "Autoscaler (act): model m version 1.0: somebody asked for 1 to 6 workers: its 3 are held until the load moves by more"
    assert any(line.startswith(text) for line in said(caplog))
    await model.ask(6, 120)
    assert model.count < 3
    await model.put(min_worker=7)
    assert (model.model.options.max_workers, model.count) == (7, 7)
    await model.put(max_worker=2)
    assert (model.model.options.min_workers, model.count) == (2, 2)


def test_a_bound_that_is_moved_by_hand(tmp_path, caplog):
    """One alone moves that one, and the other only where it must; the count is held until the load moves."""
    caplog.set_level(logging.INFO)
    run(held(tmp_path, caplog))


async def held_from_the_start(directory, caplog):
    model = AutoscaledModel(directory, sleeping(0.1), YAML % "off", job_queue_size=1000)
    await model.begin()
    await model.put(autoscale=Mode.ACT, min_worker=3)
    await asyncio.sleep(2)
    assert sum("its 3 are held" in line for line in said(caplog)) == 1
    await model.put(autoscale=Mode.ADVISE)
    await model.put(autoscale=Mode.ACT)
    await asyncio.sleep(2)
    assert sum("are held" in line for line in said(caplog)) == 1


def test_a_bound_that_is_moved_before_the_first_look(tmp_path, caplog):
    """It is held as well; and what was held under one mode is not under the next."""
    caplog.set_level(logging.INFO)
    run(held_from_the_start(tmp_path, caplog))


async def floor_in_advise(directory):
    model = await autoscaled(directory, "advise")
    for count in (3, 2):
        await model.put(min_worker=count)
        assert (model.count, model.model.options.max_workers) == (count, 6)
    await model.put(min_worker=1, max_worker=4)
    assert model.count == 2


def test_a_floor_in_advise_is_the_count(tmp_path):
    """Nobody else would go there; both together are TorchServe's, which keeps what lies between."""
    run(floor_in_advise(tmp_path))


async def turn_taken(directory, caplog):
    model = await autoscaled(directory, script=sleeping(0.1, load_s=15))
    await model.ask(2, 30)
    waiting = asyncio.create_task(model.put(min_worker=2, synchronous=True))
    await model.ask(60, 14)
    assert (waiting.done(), model.count) == (False, 2)
    assert model.report["desired"] > 2
    assert sum("the model is being changed: tried again in a second" in line for line in said(caplog)) == 1
    assert (await waiting).status == 200
    await model.ask(60, 3)
    assert model.count > 2


def test_a_synchronous_call_has_its_turn_to_the_end(tmp_path, caplog):
    """The loop goes on deciding, and has its way as soon as the caller is told."""
    caplog.set_level(logging.INFO)
    run(turn_taken(tmp_path, caplog))


class Broken(Exception):
    """What goes wrong with one model."""


async def one_broken(directory, caplog, monkeypatch):
    model = await autoscaled(directory)
    await model.register_other("2.0")
    read = Measures.read

    def broken(self, *arguments):
        if self._model.version == "2.0":
            raise Broken
        return read(self, *arguments)

    monkeypatch.setattr(Measures, "read", broken)
    await model.ask(30, 15)
    assert model.count > 1
    assert sum("version 2.0 cannot be looked at" in line for line in said(caplog)) == 1
    ages = series(model.registry, "servescope_autoscaler_input_age_seconds")
    assert ages == {LABELS: 0.0, ("m", "2.0"): pytest.approx(15, abs=1.5)}


def test_an_error_of_one_model_costs_the_others_nothing(tmp_path, caplog, monkeypatch):
    """It is logged once."""
    run(one_broken(tmp_path, caplog, monkeypatch))


async def all_broken(directory, caplog, monkeypatch):
    model = await autoscaled(directory)
    with monkeypatch.context() as patch:
        patch.setattr(model.rooms, "look", lambda models: 1 / 0)
        await model.ask(30, 10)
    assert model.count == 1
    assert said(caplog).count("Autoscaler: no model can be looked at") == 1
    await model.ask(30, 10)
    assert model.count > 1


def test_an_error_of_a_round_is_not_the_end(tmp_path, caplog, monkeypatch):
    """It is logged once, and the next rounds are tried."""
    run(all_broken(tmp_path, caplog, monkeypatch))


class LoadsOnce:
    """The first worker loads, others do not."""

    def __init__(self) -> None:
        self.loaded = False

    def __call__(self, life: Life, message: ToWorker) -> None:
        if isinstance(message, Load):
            life.load(500 if self.loaded else 200, "ValueError: not again" if self.loaded else "")
            self.loaded = True
        elif isinstance(message, Batch):
            asyncio.get_running_loop().call_later(0.1, life.answer, message)
        else:
            silent(life, message)


async def failing(directory):
    model = await autoscaled(directory, script=LoadsOnce())
    counts = set()

    async def watch():
        while True:
            counts.add(model.count)
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    await model.ask(12, 120)
    watching.cancel()
    assert max(counts) <= 2
    assert any(decision["reason"] == "failed_starts" for decision in model.report["decisions"])
    assert any("starts in a row failed" in decision["words"] for decision in model.report["decisions"])


def test_workers_that_do_not_load(tmp_path):
    """Never more than a step over those that do."""
    run(failing(tmp_path))


async def gone(directory):
    model = await autoscaled(directory)
    await model.ask(1, 5)
    await model.unregister()
    await asyncio.sleep(3)
    for name in ("mode", "desired_workers", "applied_workers", "signal", "input_age_seconds"):
        assert not series(model.registry, f"servescope_autoscaler_{name}")


def test_a_models_series_end_with_it(tmp_path):
    """The gauges at once."""
    run(gone(tmp_path))


async def stopping(directory):
    model = await autoscaled(directory)
    await model.ask(1, 5)
    decided = sum(series(model.registry, "servescope_autoscaler_decisions_total").values())
    model.lifecycle.refuse_changes()
    await asyncio.sleep(10)
    assert sum(series(model.registry, "servescope_autoscaler_decisions_total").values()) == decided
    await model.loop.stop()
    await model.loop.stop()


def test_nothing_is_decided_while_the_server_stops(tmp_path):
    """From the moment on when nothing can be changed any more."""
    run(stopping(tmp_path))


async def crashed(directory):
    model = await autoscaled(directory)
    await model.ask(30, 20)
    there = model.count
    for life in model.lives:
        life.die(-9)
    await until(lambda: model.working == there)
    assert model.count == there


def test_workers_that_die_are_not_counted_twice(tmp_path):
    """They are started again by the pool, and are there for the loop meanwhile."""
    run(crashed(tmp_path))
