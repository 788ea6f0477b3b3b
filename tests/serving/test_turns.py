"""Turns: one at a time, in the order in which they were asked for; whoever leaves makes room."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import run, settle
from servescope.errors import ServiceUnavailable
from servescope.serving.turns import Caller, CallerLeft, Turns


class Line:
    """Callers of one model's turns; `done`: who had theirs, in order."""

    def __init__(self, **options):
        self.turns = Turns(**options)
        self.done = []
        self.at_once = 0

    def ask(self, name, model="m"):
        caller = Caller()
        return caller, asyncio.create_task(self._change(name, model, caller))

    async def _change(self, name, model, caller):
        with await self.turns.take(model, caller):
            self.at_once += 1
            assert self.at_once == 1 or model != "m"
            await asyncio.sleep(1)
            self.at_once -= 1
            self.done.append(name)


def test_first_come_first_served():
    """Whoever waits longest is next; other models' turns are others."""

    async def main():
        line = Line()
        tasks = [line.ask(name)[1] for name in "abc"]
        other = await line.turns.take("other", Caller())
        await asyncio.gather(*tasks)
        assert line.done == list("abc")
        with other:
            pass
        with await line.turns.take("m", Caller()):
            pass

    run(main())


def test_a_turn_is_over_by_an_error_too():
    """The next has it then."""

    async def main():
        turns = Turns()

        async def fail():
            with await turns.take("m", Caller()):
                await asyncio.sleep(0)
                raise ValueError

        results = await asyncio.gather(fail(), fail(), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError]

    run(main())


def test_whoever_leaves_frees_its_place():
    """And its place alone; one that has its turn keeps it, and one that left before is served only where nobody waits."""

    async def main():
        line = Line(most_waiting=2)
        first, one = line.ask("a")
        second, two = line.ask("b")
        _, three = line.ask("c")
        await settle()
        first.leave()
        second.leave()
        await settle()
        assert isinstance(two.exception(), CallerLeft)
        _, four = line.ask("d")
        await asyncio.gather(one, three, four)
        assert line.done == list("acd")
        gone = Caller()
        gone.leave()
        with await line.turns.take("m", gone), pytest.raises(CallerLeft):
            await line.turns.take("m", gone)

    run(main())


def test_how_many_may_wait():
    """The next is told at once, unless it is the server itself."""

    async def main():
        line = Line(most_waiting=2)
        tasks = [line.ask(name)[1] for name in "abc"]
        await settle()
        with pytest.raises(ServiceUnavailable, match="Model m: 2 changes of it wait for their turn already"):
            await line.turns.take("m", Caller())
        with await line.turns.take("m", Caller(internal=True)):
            assert line.done == list("abc")
        await asyncio.gather(*tasks)

    run(main())


def test_the_servers_end():
    """Whoever waits is told, and whoever comes; the one whose turn it is goes on."""

    async def main():
        line = Line()
        _, one = line.ask("a")
        _, two = line.ask("b")
        await settle()
        line.turns.close()
        with pytest.raises(ServiceUnavailable, match="stopping"):
            await two
        with pytest.raises(ServiceUnavailable, match="stopping"):
            await line.turns.take("other", Caller())
        await one
        assert line.done == ["a"]

    run(main())


@pytest.mark.parametrize("moment", [0, 1])
def test_a_task_that_is_cancelled(moment):
    """While it waits, or as its turn comes: the next is not forgotten."""

    async def main():
        line = Line()
        turn = await line.turns.take("m", Caller())
        _, two = line.ask("b")
        _, three = line.ask("c")
        await settle()
        if moment:
            turn.__exit__(None, None, None)
            two.cancel()
        else:
            two.cancel()
            await settle()
            turn.__exit__(None, None, None)
        await three
        assert (line.done, two.cancelled()) == (["c"], True)

    run(main())


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30))
def test_nobody_is_forgotten(steps):
    """Whoever comes and goes, and when: all that stay have their turn, in order, and no line is left."""

    async def main():
        line = Line()
        stay = []
        tasks = []
        for number, (wait, leaves) in enumerate(steps):
            caller, task = line.ask(number)
            tasks.append(task)
            await asyncio.sleep(wait / 4)
            if leaves:
                caller.leave()
            else:
                stay.append(number)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert line.done == sorted(line.done)
        assert set(stay) <= set(line.done)
        assert not line.turns._lines

    run(main())


def test_who_cannot_wait():
    """Gets a turn only where nobody has one, and then others wait for it."""

    async def main():
        line = Line()
        turn = line.turns.take_now("m")
        assert turn is not None
        assert line.turns.take_now("m") is None
        assert line.turns.take_now("other") is not None
        _, task = line.ask("a")
        await settle()
        assert not line.at_once
        with turn:
            pass
        assert line.turns.take_now("m") is None
        await task
        assert line.turns.take_now("m") is not None
        line.turns.close()
        assert (line.turns.closed, line.turns.take_now("another")) == (True, None)

    run(main())
