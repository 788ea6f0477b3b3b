"""One worker's lives: loading, working, timing out, ending, and being retired."""

import asyncio
from pathlib import Path

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import TINY, ScriptedBackend, concurrent, crashing, mute, obliging, plan_of, silent, talking
from fleet.work import Work
from servescope.fleet.gpus import CPU, Devices
from servescope.fleet.worker.work import WorkerState
from servescope.fleet.worker.worker import Worker
from servescope.wire.messages import Batch, Cancel, EngineStats, Stop


class Owner:
    """Notes what it hears."""

    def __init__(self):
        self.free = 0
        self.said = []
        self.engines = []

    def worker_launched(self, worker):
        self.launched = worker.pid

    def worker_loaded(self, worker, loaded):
        self.loaded = (loaded, self.free)

    def worker_told(self, worker, stats):
        self.engines.append((worker.name, stats))

    def worker_free(self, worker):
        self.free += 1

    def worker_said(self, worker, stream, line):
        self.said.append((stream, line, worker.hand.request_ids))


class Bench:
    """A worker, its owner and its backend."""

    def __init__(self, script=silent, timeout_s=10.0, devices=CPU, oom=False):
        self.backend = ScriptedBackend(script)
        self.owner = Owner()
        self.worker = Worker(9000, plan_of(), Path("/none"), devices, self.backend, self.owner, timeout_s, lambda: oom)

    @property
    def life(self):
        return self.backend.lives[-1]

    def give(self, number):
        work = Work(number)
        self.worker.submit(work, work.message, ())
        return work


def test_a_life():
    """It loads, takes a batch, answers and is free again; it is named as TorchServe names it."""

    async def main():
        bench = Bench(obliging)
        worker = bench.worker
        assert (worker.name, worker.pid, worker.state) == ("W-9000-m_1.0", 0, WorkerState.STARTING)
        loaded = await worker.start(60)
        assert (loaded.code, worker.state, worker.pid, bench.owner.free) == (200, WorkerState.READY, 1000, 1)
        work = bench.give(7)
        assert (worker.state, worker.hand.request_ids) == (WorkerState.BUSY, ["r7"])
        await settle()
        assert [reply.batch_id for reply in work.replies] == [7]
        assert (worker.state, worker.hand.request_ids, bench.owner.free) == (WorkerState.READY, [], 2)

    run(main())


def test_devices_reach_the_process():
    """The handler's gpu_id travels in Load, the visible devices in the environment; the plan stays as it was."""

    async def main():
        bench = Bench(devices=Devices(0, "3,4"))
        await bench.worker.start(60)
        assert bench.life.plan.load.gpu_id == 0
        assert bench.life.plan.environment == {"A": "1", "CUDA_VISIBLE_DEVICES": "3,4"}
        plain = Bench(devices=Devices(2))
        await plain.worker.start(60)
        assert (plain.life.plan.load.gpu_id, plain.life.plan.environment) == (2, {"A": "1"})

    run(main())


@pytest.mark.parametrize(
    ("script", "code", "reason", "text"),
    [
        (lambda life, _: life.load(500, "RuntimeError: no"), 500, "load_error", "RuntimeError: no"),
        (lambda life, _: life.load(507, "Out of resources"), 507, "oom", "Out of resources"),
        (crashing, 500, "exit", "exited with status 3"),
        (lambda life, _: life.die(-11), 500, "signal", "killed by SIGSEGV"),
        (lambda life, _: life.die(-9), 507, "signal", "killed by SIGKILL"),
        (lambda life, _: life.die(137), 507, "signal", "killed by SIGKILL"),
        (mute, 500, "timeout", "did not load within 60 s"),
    ],
)
def test_refusals(script, code, reason, text):
    """A life that does not get to work says why, and its process is ended."""

    async def main():
        bench = Bench(script)
        loaded = await bench.worker.start(60)
        ending = await bench.worker.end()
        assert (loaded.code, loaded.message) == (code, text)
        assert (ending.reason, ending.text, ending.code) == (reason, text, code)
        assert bench.life.over
        assert (bench.owner.free, bench.worker.pid) == (0, 0)

    run(main())


def test_a_launch_that_fails():
    """An OSError of the backend is an ending like any other, and the next start is a new life."""

    async def main():
        bench = Bench()
        bench.backend.error = FileNotFoundError("no python")
        loaded = await bench.worker.start(60)
        ending = await bench.worker.end()
        assert (loaded.code, ending.reason) == (500, "load_error")
        assert "no python" in ending.text
        bench.backend.error = None
        assert (await bench.worker.start(60)).code == 200

    run(main())


@pytest.mark.parametrize(
    ("status", "oom", "code", "reason"),
    [
        (0, False, 500, "exit"),
        (1, True, 500, "exit"),
        (-15, False, 500, "signal"),
        (-9, False, 507, "signal"),
        (-9, True, 507, "oom"),
    ],
)
def test_a_death_at_work(status, oom, code, reason):
    """What it had in hand fails with "Worker died.", 507 where the kernel may have run out of memory."""

    async def main():
        bench = Bench(oom=oom)
        await bench.worker.start(60)
        work = bench.give(1)
        bench.life.die(status)
        ending = await bench.worker.end()
        assert (str(work.error), work.error.code) == ("Worker died.", code)
        assert (ending.reason, bench.worker.in_flight) == (reason, {})

    run(main())


def test_work_sent_ahead_comes_back():
    """A worker that dies had begun on the first batch at most; the others are given back, the newest first."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        order = []
        works = [Work(number) for number in range(3)]
        for work in works:
            work.returned = lambda work=work: order.append(work.id)
            bench.worker.submit(work, work.message, ())
        bench.life.die(1)
        await settle()
        assert not bench.worker.has_room
        await bench.worker.end()
        assert ([work.error is None for work in works], order) == ([False, True, True], [2, 1])

    run(main())


def test_a_concurrent_worker_had_begun_on_all():
    """So all that it had in hand fail."""

    async def main():
        bench = Bench(concurrent)
        await bench.worker.start(60)
        works = [bench.give(number) for number in range(3)]
        bench.life.die(1)
        await bench.worker.end()
        assert [str(work.error) for work in works] == ["Worker died."] * 3

    run(main())


def test_the_backend_knows_why():
    """Where it ended the process itself, its words are the ending's."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        bench.worker.ended(-9, "it closed its channel")
        ending = await bench.worker.end()
        assert (ending.text, ending.code) == ("it closed its channel", 500)

    run(main())


def test_no_answer_in_time():
    """After the response timeout the process is killed and the batch fails, not before."""

    async def main():
        loop = asyncio.get_running_loop()
        bench = Bench(timeout_s=10)
        await bench.worker.start(60)
        await asyncio.sleep(3)
        work = bench.give(1)
        ending = await bench.worker.end()
        assert loop.time() == pytest.approx(13)
        assert (ending.reason, ending.text) == ("timeout", "no answer within 10 s")
        assert (bench.life.killed, work.error.code) == (True, 500)

    run(main())


def test_the_watch_follows_the_batches():
    """Each batch has its own deadline, though one timer watches them all; a streamed piece sets it anew."""

    async def main():
        loop = asyncio.get_running_loop()
        bench = Bench(timeout_s=10)
        await bench.worker.start(60)
        for number in range(3):  # 0 to 27 s: none takes too long
            bench.give(number)
            await asyncio.sleep(9)
            bench.life.answer(bench.life.batches[-1])
        work = bench.give(9)
        for _ in range(3):
            await asyncio.sleep(9)
            bench.life.answer(bench.life.batches[-1], final=False)
        assert len(work.replies) == 3
        await bench.worker.end()
        assert loop.time() == pytest.approx(27 + 27 + 10)
        assert work.error is not None

    run(main())


def test_an_answer_after_the_verdict_frees_nobody():
    """A reply that crosses the kill is late: the dying worker is given no more work."""

    async def main():
        bench = Bench(timeout_s=10)
        await bench.worker.start(60)
        bench.give(1)
        await until(lambda: bench.life.killed)
        free = bench.owner.free
        bench.life.answer(bench.life.batches[0])
        assert bench.owner.free == free
        assert bench.worker.state not in (WorkerState.READY, WorkerState.BUSY)
        assert (await bench.worker.end()).reason == "timeout"

    run(main())


def test_a_reply_that_cannot_be_taken():
    """Work that chokes on its reply still hears of the end: nothing is left unanswered."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        work = bench.give(1)
        work.replied = lambda *_: 1 / 0
        with pytest.raises(ZeroDivisionError):
            bench.life.answer(bench.life.batches[0])
        bench.life.die(-9)
        await bench.worker.end()
        assert work.error is not None

    run(main())


def test_replies_to_nothing_are_dropped():
    """An answer that came twice, or to a batch of an earlier life."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        work = bench.give(1)
        batch = bench.life.batches[0]
        bench.life.answer(batch)
        bench.life.answer(batch)
        bench.life.fail(Batch(99, []), 503, "x")
        assert (len(work.replies), bench.owner.free, bench.worker.state) == (1, 2, WorkerState.READY)

    run(main())


def test_a_concurrent_worker_takes_more_than_one():
    """It stays busy until the last is answered, and is called free after each."""

    async def main():
        bench = Bench(concurrent)
        await bench.worker.start(60)
        assert bench.worker.concurrent
        works = [bench.give(number) for number in (1, 2)]
        assert bench.worker.hand.request_ids == ["r1", "r2"]
        await settle()
        bench.life.answer(bench.life.batches[1])
        assert (bench.worker.state, bench.owner.free) == (WorkerState.BUSY, 2)
        bench.life.answer(bench.life.batches[0])
        assert (bench.worker.state, [len(work.replies) for work in works]) == (WorkerState.READY, [1, 1])

    run(main())


def test_a_request_over_its_time_is_cancelled_alone():
    """An asynchronous handler's other requests go on; the worker stays, and what it says of that one comes late."""

    async def main():
        loop = asyncio.get_running_loop()
        bench = Bench(concurrent, timeout_s=10)
        await bench.worker.start(60)
        slow = bench.give(1)
        await asyncio.sleep(6)
        other = bench.give(2)
        await until(lambda: slow.error)
        assert loop.time() == pytest.approx(10)
        assert (str(slow.error), slow.error.code, bench.life.cancelled) == ("Worker died.", 500, ["r1"])
        bench.life.answer(bench.life.batches[0], final=False)
        bench.life.fail(bench.life.batches[0], 499, "gone")
        assert ([reply.final for reply in slow.late_replies], slow.replies) == ([False, True], [])
        bench.life.answer(bench.life.batches[1])
        assert (len(other.replies), bench.worker.state, bench.life.over) == (1, WorkerState.READY, False)
        await asyncio.sleep(60)
        third = bench.give(3)
        bench.life.answer(bench.life.batches[2])
        assert (len(third.replies), bench.life.over) == (1, False)

    run(main())


def test_a_worker_deaf_to_a_cancellation_is_ended():
    """After its grace, with all that it has in hand; what has failed already fails no second time."""

    async def main():
        loop = asyncio.get_running_loop()
        bench = Bench(concurrent, timeout_s=3)
        await bench.worker.start(60)
        slow = bench.give(1)
        await asyncio.sleep(11)
        other = bench.give(2)
        ending = await bench.worker.end()
        assert loop.time() == pytest.approx(3 + 10)
        assert (ending.reason, ending.text) == ("timeout", "no answer within 3 s, nor within 10 s to a cancellation")
        assert (bench.life.killed, other.error.code, bench.worker.in_flight) == (True, 500, {})
        await bench.worker.start(60)
        assert slow.late_replies == []

    run(main())


def test_a_batch_given_during_the_grace_has_its_own_time():
    """Which is shorter than the grace."""

    async def main():
        loop = asyncio.get_running_loop()
        bench = Bench(concurrent, timeout_s=1)
        await bench.worker.start(60)
        bench.give(1)
        await asyncio.sleep(2)
        late = bench.give(2)
        await until(lambda: late.error, 0.25)
        assert loop.time() == pytest.approx(3)

    run(main())


def test_retired_with_a_request_that_was_cancelled():
    """It is told to stop when the worker has done with it."""

    async def main():
        bench = Bench(concurrent, timeout_s=1)
        await bench.worker.start(60)
        bench.give(1)
        await asyncio.sleep(2)
        bench.worker.retire()
        assert Stop() not in bench.life.sent
        bench.life.fail(bench.life.batches[0], 499, "gone")
        assert (await bench.worker.end()).reason == "stopped"

    run(main())


def test_an_engine_is_known_while_its_process_lives():
    """What it said last; the owner hears all of it, and of the load before the worker is free."""

    async def main():
        bench = Bench(talking)
        await bench.worker.start(60)
        loaded, free = bench.owner.loaded
        assert (loaded.served, free, bench.worker.engine) == ([TINY], 0, None)
        bench.life.report(1)
        bench.life.report(3, 2, 0.5, 1)
        assert bench.worker.engine == EngineStats(3, 2, 0.5, 1)
        assert bench.owner.engines == [
            ("W-9000-m_1.0", EngineStats(1, 0, 0.0, 0)),
            ("W-9000-m_1.0", bench.worker.engine),
        ]
        bench.life.die(1)
        await bench.worker.end()
        assert bench.worker.engine is None

    run(main())


def test_cancel_reaches_the_process():
    """And is no error where there is none."""

    async def main():
        bench = Bench()
        bench.worker.cancel(Work(1), "early")
        await bench.worker.start(60)
        bench.worker.cancel(Work(7), "r1")
        assert bench.life.sent[-1] == Cancel(7, "r1")

    run(main())


def test_retired_at_rest():
    """It is told to stop, and its end is no failure."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        bench.worker.retire()
        assert (bench.worker.state, bench.worker.can_serve) == (WorkerState.STOPPING, False)
        assert (await bench.worker.end()).reason == "stopped"
        assert (bench.life.sent[-1], bench.life.killed) == (Stop(), False)

    run(main())


def test_retired_at_work():
    """It finishes what it has in hand, and only then is told to stop; it is free for nobody any more."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        work = bench.give(1)
        bench.worker.retire()
        await settle()
        assert Stop() not in bench.life.sent
        free = bench.owner.free
        bench.life.answer(bench.life.batches[0])
        assert (len(work.replies), bench.owner.free) == (1, free)
        assert (await bench.worker.end()).reason == "stopped"
        assert (bench.life.sent[-1], work.error) == (Stop(), None)

    run(main())


def test_retired_and_deaf():
    """A worker that does not stop when told is killed after its grace."""

    async def main():
        bench = Bench(lambda life, message: None if message == Stop() else silent(life, message))
        await bench.worker.start(60)
        bench.worker.retire()
        await bench.worker.end()
        assert bench.life.killed
        assert asyncio.get_running_loop().time() == pytest.approx(5)

    run(main())


@pytest.mark.parametrize("while_launching", [True, False])
def test_retired_while_it_starts(while_launching):
    """It is ended at once, whether its process is there already or not."""

    async def main():
        bench = Bench(mute)
        if while_launching:
            bench.backend.pause = asyncio.Event()
        start = asyncio.create_task(bench.worker.start(60))
        await settle()
        bench.worker.retire()
        if bench.backend.pause is not None:
            bench.backend.pause.set()
        loaded = await start
        assert (loaded.code, (await bench.worker.end()).reason) == (500, "stopped")
        assert asyncio.get_running_loop().time() == 0

    run(main())


def test_lines_come_with_the_requests_in_hand():
    """So that the model log can say whose they are."""

    async def main():
        bench = Bench()
        await bench.worker.start(60)
        bench.life.line("stdout", "hello")
        bench.give(4)
        bench.life.line("stderr", "oh")
        assert bench.owner.said == [("stdout", "hello", []), ("stderr", "oh", ["r4"])]

    run(main())
