"""A model's workers: started, restarted by the schedule, given up, scaled and closed."""

import asyncio
import itertools

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import TINY, Fleet, Life, concurrent, crashing, mute, obliging, silent, talking
from metrics.series import series
from servescope.fleet.gpus import GpuCounter, ModelDevices
from servescope.fleet.launch import NodeLost
from servescope.fleet.pool import KILL_S
from servescope.fleet.retry import DELAYS_S
from servescope.fleet.worker.work import WorkerState
from servescope.metrics.definitions import RESTART_REASONS
from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.memory import private
from servescope.wire.messages import Batch, Measuring, Request, ServedModel, Stop
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.folding import Folding


class Events:
    """Notes what a dispatcher would hear; `serving` is `can_serve` at each change."""

    def __init__(self, pool):
        self.pool = pool
        self.free = []
        self.serving = []
        self.alone = []  # how many were free when it was said
        pool.events = self

    def worker_free(self, worker):
        self.free.append(worker)

    def workers_changed(self):
        self.serving.append(self.pool.can_serve)

    def batches_of_one(self):
        self.alone.append(len(self.free))


class Work:
    """A batch of one request."""

    def __init__(self, number):
        self.id = number
        self.request_ids = [f"r{number}"]
        self.replied_at = None
        self.error = None

    def replied(self, reply, attachments):
        self.replied_at = asyncio.get_running_loop().time()

    def failed(self, error):
        self.error = error

    def returned(self):
        raise AssertionError("no test here sends work ahead")


def give(worker, number=1):
    work = Work(number)
    worker.submit(work, Batch(number, [Request(f"r{number}", [], {}, [])]), ())
    return work


def count(pool, state):
    return pool.states()[state]


def test_growing():
    """Workers get numbers, devices and a life each; their first loads can be awaited."""

    async def main():
        fleet = Fleet(devices=ModelDevices(GpuCounter(2), "gpu", None, 0))
        events = Events(fleet.pool)
        assert (len(fleet.pool), fleet.pool.can_serve) == (0, False)
        added = fleet.pool.grow(3)
        assert (len(fleet.pool), fleet.pool.can_serve, count(fleet.pool, "starting")) == (3, True, 3)
        assert [(await fleet.pool.loads.next(worker)).code for worker in added] == [200, 200, 200]
        assert [worker.number for worker in added] == [9000, 9001, 9002]
        assert [life.plan.load.gpu_id for life in fleet.lives] == [1, 0, 1]
        assert events.free == added == list(fleet.pool)
        assert count(fleet.pool, "ready") == fleet.pool.healthy == 3
        assert fleet.pool.grow(2) == []
        assert fleet.count("WorkerLoadTime", "W-9000-m_1.0", "Host", "h") == 0.0

    run(main())


def test_what_a_worker_measures_is_read_where_it_keeps_it():
    """At scrapes while it lives, its last writes after it has died, and each once; the next process begins anew."""

    async def main():
        fleet = Fleet(silent)
        (worker,) = fleet.pool.grow(1)
        await fleet.pool.loads.next(worker)
        metrics = []
        for life in range(2):
            memory = private()
            fleet.lives[life].measure(FoldedReader(memory))
            metrics.append(CustomMetrics("m", sink=Folding(memory, "m", Measuring())))
            metrics[life].add_counter("Seen", 1)
            assert fleet.count("Seen", "m", "Model", "h") == 2 * life + 1
            metrics[life].add_counter("Seen", 1)
            fleet.lives[life].die(1)
            await until(lambda life=life: len(fleet.lives) == life + 2)
            metrics[life].add_counter("Seen", 1)  # of a process that has gone nothing more can come
            assert fleet.count("Seen", "m", "Model", "h") == 2 * life + 2

    run(main())


GAUGES = ("requests_running", "requests_waiting", "kv_cache_usage_ratio")


def engine(fleet, name):
    """What is shown of the engines, by worker."""
    return {labels[2]: value for labels, value in series(fleet.registry, f"servescope_llm_{name}").items()}


def test_an_ordinary_model_serves_no_names():
    """And has no series of a language model."""

    async def main():
        fleet = Fleet()
        events = Events(fleet.pool)
        await fleet.pool.loads.next(*fleet.pool.grow(1))
        assert (fleet.pool.served, events.alone) == ([], [])
        assert series(fleet.registry, "servescope_llm_tokens_total") == {}

    run(main())


def test_a_language_model():
    """Its names and series are there before a worker is free, and stay while workers restart; a worker's gauges do not."""

    async def main():
        fleet = Fleet(talking)
        events = Events(fleet.pool)
        await asyncio.gather(*map(fleet.pool.loads.next, fleet.pool.grow(2)))
        assert (fleet.pool.served, events.alone) == ([TINY], [0, 1])
        assert fleet.count("servescope_llm_tokens_total", "m", "1.0", "prompt") == 0
        one, two = fleet.lives
        one.report(3, 2, 0.5, 4)
        two.report(1)
        assert engine(fleet, "requests_waiting") == {"W-9000-m_1.0": 2, "W-9001-m_1.0": 0}
        fleet.backend.script = mute
        one.die(1)
        await asyncio.sleep(2)
        assert [set(engine(fleet, name)) for name in GAUGES] == [{"W-9001-m_1.0"}] * 3
        assert (fleet.pool.served, engine(fleet, "preemptions_total")["W-9000-m_1.0"]) == ([TINY], 4)
        again = fleet.lives[2]
        again.load(concurrent=True, served=[TINY, ServedModel("adapter", "/a", "tiny", 256)])
        again.report(1, preemptions=1)
        await settle()
        assert [model.id for model in fleet.pool.served] == ["tiny", "adapter"]
        assert engine(fleet, "preemptions_total")["W-9000-m_1.0"] == 5
        fleet.pool.shrink(0)
        again.die(0)
        two.die(0)
        await settle()
        assert [engine(fleet, name) for name in GAUGES] == [{}, {}, {}]
        assert (engine(fleet, "preemptions_total")["W-9000-m_1.0"], len(fleet.pool.served)) == (5, 2)

    run(main())


def test_restarts_follow_the_schedule_until_given_up():
    """Failing from the start: 1, 1, 2, 3, 5 s between the tries, then the model has nobody to wait for."""

    async def main():
        fleet = Fleet(crashing, window_s=10)
        events = Events(fleet.pool)
        (worker,) = fleet.pool.grow(1)
        assert (await fleet.pool.loads.next(worker)).message == "exited with status 3"
        assert (count(fleet.pool, "failed"), fleet.pool.healthy, fleet.pool.can_serve) == (1, 1, True)
        await fleet.pool.ended([worker])
        assert [life.launched_at for life in fleet.lives] == pytest.approx([0, 1, 2, 4, 7, 12])
        assert (worker.state, worker.can_serve) == (WorkerState.GAVE_UP, False)
        assert (fleet.pool.healthy, fleet.pool.can_serve, events.serving[-1]) == (0, False, False)
        assert (len(fleet.pool), count(fleet.pool, "failed")) == (1, 1)  # still listed, as TorchServe does
        assert fleet.count("servescope_worker_restarts_total", "m", "1.0", "exit") == len(fleet.lives) - 1

    run(main())


def test_a_language_model_that_restarts_is_not_healthy():
    """While its first load is under way it is, as any model is; then it is while it can serve."""

    async def main():
        scripts = iter([lambda life, _: life.load(served=[ServedModel("m", "m", None, 9)]), mute])
        fleet = Fleet(lambda life, message: next(scripts)(life, message))
        events = Events(fleet.pool)
        fleet.pool.grow(1)
        assert fleet.pool.healthy == 1
        await until(lambda: events.free)
        assert fleet.pool.healthy == 1
        fleet.lives[0].die(-9)
        await until(lambda: count(fleet.pool, "failed"))
        assert (fleet.pool.healthy, fleet.pool.can_serve) == (0, True)
        await until(lambda: len(fleet.lives) == 2)
        assert fleet.pool.healthy == 0

    run(main())


def test_a_load_resets_the_schedule():
    """A worker that dies again and again after loading is tried for ever, a second apart."""

    async def main():
        fleet = Fleet(silent, window_s=5)
        events = Events(fleet.pool)
        fleet.pool.grow(1)
        for number in range(8):
            await until(lambda count=number: len(events.free) > count, 0.01)
            fleet.lives[-1].die(1)
            await settle()
        assert len(fleet.lives) == 8
        times = [life.launched_at for life in fleet.lives]
        assert all(DELAYS_S[0] <= after - before < 1.5 for before, after in itertools.pairwise(times))

    run(main())


def test_restarts_are_counted_under_their_reasons():
    """oom, load_error, signal and timeout besides exit."""

    async def main():
        scripts = iter(
            [
                lambda life, _: life.load(507, "Out of resources"),
                lambda life, _: life.load(500, "no"),
                lambda life, _: life.die(-9),
                mute,
                obliging,
            ]
        )
        fleet = Fleet(lambda life, message: next(scripts)(life, message))
        events = Events(fleet.pool)
        fleet.pool.grow(1)
        await until(lambda: events.free)
        for reason in ("oom", "load_error", "signal", "timeout"):
            assert fleet.count("servescope_worker_restarts_total", "m", "1.0", reason) == 1
        assert len(events.free) == 1

    run(main())


def test_a_reason_that_is_known_later():
    """The worker is started again at once, and counted when the reason is known; also where its model has gone since."""

    async def main():
        fleet = Fleet(silent)
        fleet.pool.grow(1)
        await settle()
        known = asyncio.get_running_loop().create_future()
        fleet.lives[0].lose("its node is lost", known)
        await until(lambda: len(fleet.lives) == 2)
        await settle()
        assert sum(fleet.count("servescope_worker_restarts_total", "m", "1.0", why) for why in RESTART_REASONS) == 0
        known.set_result("node_lost")
        await settle()
        assert fleet.count("servescope_worker_restarts_total", "m", "1.0", "node_lost") == 1
        assert dict(fleet.pool.troubles.restarts) == {"node_lost": 1}

    run(main())


def test_a_launch_whose_node_is_lost():
    """It is counted as that, not as a model that does not load."""

    async def main():
        fleet = Fleet(silent)
        fleet.backend.error = NodeLost("its actor has ended")
        fleet.pool.grow(1)
        await until(lambda: fleet.count("servescope_worker_restarts_total", "m", "1.0", "node_lost") == 1, 0.01)

    run(main())


def test_growing_replaces_those_given_up():
    """They leave the list, and new ones take their places."""

    async def main():
        fleet = Fleet(crashing, window_s=0)
        gone = fleet.pool.grow(2)
        await fleet.pool.ended(gone)
        fleet.backend.script = obliging
        added = fleet.pool.grow(1)
        assert (list(fleet.pool), fleet.pool.can_serve) == (added, True)
        assert (await fleet.pool.loads.next(added[0])).code == 200

    run(main())


def test_shrinking_takes_the_idle_first():
    """The one at work stays; of idle ones the newest goes."""

    async def main():
        fleet = Fleet(silent)
        events = Events(fleet.pool)
        workers = fleet.pool.grow(3)
        await settle()
        work = give(workers[2])
        assert fleet.pool.shrink(2) == [workers[1]]
        assert (len(fleet.pool), count(fleet.pool, "stopping")) == (2, 1)
        await fleet.pool.ended([workers[1]])
        assert list(fleet.pool) == [workers[0], workers[2]]
        assert fleet.pool.shrink(1) == [workers[0]]
        assert (work.error, events.serving[-1]) == (None, True)

    run(main())


def test_shrinking_takes_those_with_the_least_in_hand():
    """Of asynchronous workers, which are all busy."""

    async def main():
        fleet = Fleet(concurrent)
        workers = fleet.pool.grow(3)
        await settle()
        for batch, place in enumerate((0, 0, 1, 2, 2, 2)):
            give(workers[place], batch)
        assert fleet.pool.shrink(2) == [workers[1]]
        assert fleet.pool.shrink(1) == [workers[0]]

    run(main())


def test_a_retired_worker_has_so_long():
    """What it has not finished then fails with it, though pieces of a stream still come."""

    async def main():
        fleet = Fleet(silent, response_s=10, retirement_s=30)
        (worker,) = fleet.pool.grow(1)
        await settle()
        work, (life,) = give(worker), fleet.lives
        await asyncio.sleep(5)
        fleet.pool.shrink(0)
        while not life.over:
            await asyncio.sleep(4)
            life.answer(life.batches[0], final=False)
        await fleet.pool.ended([worker])
        assert (life.killed, work.error.code, list(fleet.pool)) == (True, 500, [])
        assert 35 <= asyncio.get_running_loop().time() < 40

    run(main())


def test_a_retired_worker_in_time_is_not_cut_off():
    """Nothing is left of the limit when it has gone."""

    async def main():
        fleet = Fleet(silent, retirement_s=30)
        (worker,) = fleet.pool.grow(1)
        await settle()
        work, (life,) = give(worker), fleet.lives
        fleet.pool.shrink(0)
        await asyncio.sleep(29)
        life.answer(life.batches[0])
        await fleet.pool.ended([worker])
        await asyncio.sleep(10)
        assert (life.killed, work.error) == (False, None)

    run(main())


def test_shrinking_to_nothing_lets_work_be_finished():
    """Nobody new can be served, but what is in hand is answered."""

    async def main():
        fleet = Fleet(silent)
        events = Events(fleet.pool)
        (worker,) = fleet.pool.grow(1)
        await settle()
        work = give(worker)
        fleet.pool.shrink(0)
        assert (fleet.pool.can_serve, events.serving) == (False, [False])
        await settle()
        fleet.lives[0].answer(fleet.lives[0].batches[0])
        await fleet.pool.ended([worker])
        assert (work.replied_at, work.error, list(fleet.pool)) == (0, None, [])
        assert Stop() in fleet.lives[0].sent

    run(main())


def test_retiring_one_that_waits_for_its_next_try():
    """It is gone at once: nothing is launched for it any more."""

    async def main():
        fleet = Fleet(crashing)
        workers = fleet.pool.grow(1)
        await fleet.pool.loads.next(workers[0])
        assert fleet.pool.shrink(0) == workers
        await fleet.pool.ended(workers)
        assert (list(fleet.pool), len(fleet.lives), asyncio.get_running_loop().time()) == ([], 1, 0)

    run(main())


def test_retiring_one_that_times_out():
    """Its kill is under way: shrinking meets a worker that is neither ready nor failed yet."""

    async def main():
        fleet = Fleet(silent, response_s=10)
        (worker,) = fleet.pool.grow(1)
        await settle()
        work = give(worker)
        await until(lambda: fleet.lives[0].killed)
        fleet.pool.shrink(0)
        await fleet.pool.ended([worker])
        assert (work.error.code, list(fleet.pool)) == (500, [])

    run(main())


def test_retiring_one_that_loads():
    """Whoever awaits its first load hears that it was stopped."""

    async def main():
        fleet = Fleet(mute)
        (worker,) = fleet.pool.grow(1)
        first = asyncio.ensure_future(fleet.pool.loads.next(worker))
        await settle()
        fleet.pool.shrink(0)
        assert ((await first).code, (await first).message) == (500, "stopped")
        await fleet.pool.ended([worker])
        assert list(fleet.pool) == []

    run(main())


def test_a_kill_that_fails_hides_no_reason():
    """Whatever goes wrong with a worker, whoever waits for its load hears of that, and not that it was taken away."""

    async def main():
        fleet = Fleet(mute)
        (worker,) = fleet.pool.grow(1)
        first = asyncio.ensure_future(fleet.pool.loads.next(worker))
        await settle()

        def kill():
            raise OSError("no such process")

        fleet.lives[0].kill = kill
        fleet.lives[0].load(500, "ValueError: no weights")
        assert "no such process" in (await asyncio.wait_for(first, 1000)).message
        await settle()
        assert worker.state is WorkerState.GAVE_UP
        assert "no such process" in (await fleet.pool.loads.next(worker)).message

    run(main())


def test_an_unforeseen_error_leaves_nobody_waiting():
    """A launch may fail with more than OSError; the first load is told so, and the worker is given up."""

    async def main():
        fleet = Fleet()
        fleet.backend.error = ValueError("embedded null byte")
        (worker,) = fleet.pool.grow(1)
        loaded = await asyncio.wait_for(fleet.pool.loads.next(worker), 1000)
        assert loaded.code == 500
        assert "embedded null byte" in loaded.message
        assert not fleet.pool.can_serve

    run(main())


def test_closing_in_time():
    """Idle workers stop; it does not take the grace."""

    async def main():
        fleet = Fleet()
        fleet.pool.grow(2)
        await settle()
        await fleet.pool.close(30)
        assert (list(fleet.pool), asyncio.get_running_loop().time()) == ([], 0)
        assert not any(life.killed for life in fleet.lives)

    run(main())


def test_closing_ends_what_takes_too_long():
    """After the grace the process is killed, also one that had been retired before; its work fails."""

    async def main():
        fleet = Fleet(silent)
        workers = fleet.pool.grow(2)
        await settle()
        works = [give(worker, number) for number, worker in enumerate(workers)]
        fleet.pool.shrink(1)
        await fleet.pool.close(30)
        assert list(fleet.pool) == []
        assert asyncio.get_running_loop().time() == pytest.approx(30)
        assert all(str(work.error) == "Worker died." for work in works)

    run(main())


def test_lines_go_to_the_model_log():
    """Under the worker's name."""

    async def main():
        fleet = Fleet(silent)
        fleet.pool.grow(1)
        await settle()
        fleet.lives[0].line("stderr", "oh")
        assert fleet.lines == [("W-9000-m_1.0", "stderr", "oh", [])]

    run(main())


def test_a_process_that_the_kernel_cannot_end(caplog):
    """It was killed, waits for a device, and holds nobody up."""

    class Stuck(Life):
        def kill(self):
            self.killed = True

    async def main():
        fleet = Fleet(mute)
        launch = fleet.backend.launch

        async def stuck(plan, directory, events):
            life = await launch(plan, directory, events)
            life.__class__ = Stuck
            return life

        fleet.backend.launch = stuck
        fleet.pool.grow(1)
        await settle()
        loop = asyncio.get_running_loop()
        before = loop.time()
        await fleet.pool.close(30)
        assert fleet.lives[0].killed
        assert loop.time() - before == 30 + KILL_S
        fleet.lives[0].die(-9)
        await settle()
        assert list(fleet.pool) == []

    run(main())
    assert "W-9000-m_1.0 is left behind: its process 1000 was killed and has not ended in 10 s" in caplog.text
