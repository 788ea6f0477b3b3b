"""The books of an answer that was written are closed when what others wait for has gone out, and none is left open."""

import asyncio
from collections import deque

import pytest

from servescope.web.front_ends.answers import Answers


class Exchange:
    """Of which `told` hears."""

    def __init__(self, number, told, over=False):
        self.number, self.told, self.over = number, told, over

    def leave(self):
        self.told.append(("leaves", self.number))
        return not self.over

    def written(self, at):
        self.told.append(("written", self.number, at))

    def taking(self, at):
        self.told.append(("taking", self.number, at))


@pytest.fixture
def told():
    return []


@pytest.fixture
def answers(told):
    found = Answers()
    found.unsaid = deque(Exchange(number, told) for number in range(4))
    return found


def test_books_come_last(answers, told):
    """Behind what was to be done at the turn's end, also if that came up later; connections are free at once."""

    async def scene():
        answers.wrote([1.0, 2.0])
        asyncio.get_running_loop().call_soon(told.append, "sent")
        assert told == [("leaves", 0), ("leaves", 1)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert told[2:] == ["sent", ("written", 0, 1.0), ("written", 1, 2.0)]

    asyncio.run(scene())


def test_one_that_was_over_before(answers, told):
    """Has no books."""

    async def scene():
        answers.unsaid[0].over = True
        answers.wrote([1.0, 2.0])
        answers.settle()
        assert told == [("leaves", 0), ("leaves", 1), ("written", 1, 2.0)]

    asyncio.run(scene())


def test_a_lost_process(answers, told):
    """What it had written counts, said or not; of the rest nothing will be said. What it counted too late is no less."""

    async def scene():
        answers.wrote([1.0])
        answers.taking(2.0)
        answers.lose(3)
        assert told[:4] == [("leaves", 0), ("taking", 1, 2.0), ("leaves", 2), ("written", 0, 1.0)]
        assert told[4][:2] == ("written", 2)
        assert not answers.unsaid

    asyncio.run(scene())


def test_more_was_said_than_counted(answers, told):
    """The count lags by a turn of the loop, which is no reason to take anything back."""

    async def scene():
        answers.wrote([1.0, 2.0])
        answers.lose(1)
        assert told[2:] == [("written", 0, 1.0), ("written", 1, 2.0)]
        assert not answers.unsaid

    asyncio.run(scene())
