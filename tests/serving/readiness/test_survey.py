"""How all models are: what was asked for first, then later registrations; each with its workers, counts and latest error."""

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import crashing, mute, silent
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.values.load_list import LoadModel
from servescope.errors import InvalidModel, ModelNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.survey import Standing, Surveyor
from servescope.serving.readiness.wanted import WantedModels
from servescope.wire.messages import Load
from serving.parts import Served, model_of


class World:
    """A catalog, what was asked for, and who looks at them."""

    def __init__(self, *asked):
        self.catalog, self.wanted = Catalog(), WantedModels()
        self.health = Health(self.catalog, self.wanted)
        self.surveyor = Surveyor(self.catalog, self.wanted, self.health)
        self.asked = self.wanted.ask([LoadModel(name, url) for name, url in asked])

    def add(self, model, wanted=None):
        self.catalog.add(model)
        self.wanted.registered(model, wanted)
        return model

    def standings(self):
        return {(report.name, report.version): report.standing for report in self.surveyor.all().models}


def raising(life, message):
    if isinstance(message, Load):
        life.load(500, "ValueError: of no use\nsee https://h/x?key=secret\n")
        life.die(1)


def test_what_is_not_registered():
    """Waits for its turn, or is missing, and why."""
    world = World((None, "a.mar"), ("named", "b.mar"))
    first, second = world.asked
    assert world.standings() == {("a", None): Standing.WAITING, ("named", None): Standing.WAITING}
    assert {one.why for one in world.surveyor.all().models} == {"its archive is not unpacked yet"}
    world.wanted.refused(first, ModelNotFound("Model not found at: a.mar"))
    world.wanted.refused(second, InvalidModel("is none"))
    survey = world.surveyor.all()
    assert not survey.ready
    said = [(one.name, one.standing, one.reason, one.why, one.lacking) for one in survey.models]
    assert said == [
        ("a", Standing.MISSING, "not_found", "Model not found at: a.mar", True),
        ("named", Standing.MISSING, "refused", "is none", True),
    ]


def test_those_that_were_asked_for_come_first():
    """In that order; a later registration counts only for itself."""

    async def main():
        world = World((None, "b.mar"), (None, "a.mar"))
        world.add(model_of("later", served=Served(crashing)))
        for wanted in reversed(world.asked):
            world.add(model_of(f"real-{wanted.name}"), wanted)
        await settle()
        survey = world.surveyor.all()
        found = [(one.name, one.asked_as, one.lacking, one.standing) for one in survey.models]
        assert found == [
            ("real-b", "b", False, Standing.READY),
            ("real-a", "a", False, Standing.READY),
            ("later", None, False, Standing.FAILED),
        ]
        assert survey.ready

    run(main())


def test_from_loading_to_given_up():
    """Loading until the first load is over; failed while it is tried again; given up; idle once no workers are wanted."""

    async def main():
        world = World((None, "m.mar"))
        served = Served(mute, window_s=5)
        model = world.add(model_of(served=served), world.asked[0])

        def report():
            (found,) = world.surveyor.all().models
            return found

        await settle()
        assert (report().standing, report().why, report().failed_loads) == (Standing.LOADING, "", 0)
        served.backend.script = raising
        served.lives[0].die(3)
        await settle()
        assert (report().standing, report().why, report().failed_loads) == (Standing.FAILED, "exited with status 3", 1)
        await until(lambda: report().failed_loads == 2)
        assert (report().standing, report().why) == (Standing.FAILED, "see https://h/x")
        assert report().restarts == {"exit": 1}
        await until(lambda: not served.pool.can_serve)
        assert (report().standing, report().lacking) == (Standing.GIVEN_UP, True)
        assert [worker.state for worker in report().workers] == ["given_up"]
        model.want(0, 0)
        served.pool.shrink(0)
        assert (report().standing, report().lacking, report().workers) == (Standing.IDLE, False, ())

    run(main())


def test_from_asleep_to_awake():
    """Ready all the time; not while it does not load, which is told as of any other model."""

    async def main():
        world = World((None, "m.mar"))
        served = Served(mute, workers=0, window_s=5)
        autoscale = Autoscale(mode=Mode.ACT, to_zero_after_s=9.0)
        world.add(model_of(served=served, autoscale=autoscale, min_workers=0), world.asked[0])

        def told():
            (found,) = world.surveyor.all().models
            return found.standing, found.lacking, world.health.ready, world.health.healthy

        assert told() == (Standing.ASLEEP, False, True, True)
        assert world.health.serves_name("m")
        assert world.wanted.missing() == set()
        served.submit("a")
        await settle()
        assert told() == (Standing.WAKING, False, True, True)
        assert world.health.serves_name("m")
        served.backend.script = raising
        served.lives[0].die(3)
        await settle()
        assert told() == (Standing.FAILED, True, False, True)
        assert world.wanted.missing() == {("m", "load_failed")}
        served.backend.script = silent
        await until(lambda: told()[0] is Standing.READY)
        assert told() == (Standing.READY, False, True, True)

    run(main())


def test_what_goes_wrong_later_is_kept():
    """A ready model has had restarts, by reason as the metrics have them, and a latest error."""

    async def main():
        world = World((None, "m.mar"))
        served = Served(workers=2)
        world.add(model_of(served=served), world.asked[0])
        await settle()
        served.lives[0].die(-11)
        await settle()
        (report,) = world.surveyor.all().models
        assert (report.standing, report.at_work, report.asked_for) == (Standing.READY, 1, 2)
        assert [worker.state for worker in report.workers] == ["failed", "ready"]
        await until(lambda: world.surveyor.all().models[0].at_work == 2)
        (report,) = world.surveyor.all().models
        assert (report.why, report.restarts) == ("killed by SIGSEGV", {"signal": 1})
        assert served.count("servescope_worker_restarts_total", "m", "1.0", "signal") == 1

    run(main())


def test_how_long_a_worker_has_been_at_it():
    """Seconds, in the state busy."""

    async def main():
        world = World((None, "m.mar"))
        served = Served(silent)
        world.add(model_of(served=served), world.asked[0])
        await settle()
        served.submit("a")
        await until(lambda: world.surveyor.all().models[0].workers[0].busy_s >= 60)
        (worker,) = world.surveyor.all().models[0].workers
        assert (worker.state, worker.busy_s) == ("busy", 60.0)

    run(main())


def test_one_model():
    """By its registered name or the one that the start gave it; ready when it can be asked; unknown ones are not found."""

    async def main():
        world = World((None, "file.mar"), ("absent", "b.mar"))
        world.wanted.refused(world.asked[1], ModelNotFound("nowhere"))
        world.add(model_of("real"), world.asked[0])
        world.add(model_of("later"))
        world.add(model_of("bad", served=Served(crashing)))
        await settle()
        ready = {name: world.surveyor.one(name).ready for name in ("file", "real", "later", "bad", "absent")}
        assert ready == {"file": True, "real": True, "later": True, "bad": False, "absent": False}
        assert [one.name for one in world.surveyor.one("file").models] == ["real"]
        with pytest.raises(ModelNotFound, match="Model not found: x"):
            world.surveyor.one("x")
        world.health.draining = True
        assert not world.surveyor.one("real").ready

    run(main())


def test_what_is_on_its_way_out():
    """Is shown last, and counts for nothing; a successor of its name is another one."""

    async def main():
        world = World((None, "m.mar"))
        leaving = world.add(model_of(), world.asked[0])
        await settle()
        world.catalog.remove("m", None)
        leaving.leaves_by = 60.0
        world.wanted.unregistered(leaving)
        world.add(model_of(served=Served(crashing)))
        await settle()
        survey = world.surveyor.all()
        assert survey.ready
        assert [(one.name, one.standing) for one in survey.models] == [
            ("m", Standing.FAILED),
            ("m", Standing.UNLOADING),
        ]

    run(main())
