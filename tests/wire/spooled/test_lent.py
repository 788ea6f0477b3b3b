"""Memory is free for another body only when whoever was told of it has answered; in doubt it is not."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.spooled.body import create
from servescope.wire.spooled.lent import Lent


class Kept:
    """What becomes of memory: `told` has whether each may be used again."""

    def __init__(self):
        self.told = []

    def body(self, data=b"abc"):
        body = create(self.let_go)
        body.append(data)
        return body

    def let_go(self, descriptor, reusable):
        os.close(descriptor)
        self.told.append(reusable)


@pytest.fixture
def kept():
    return Kept()


def test_nobody_was_told(kept):
    """Then it is free when nobody has it."""
    body = kept.body()
    part = body.part(0, 1)
    del body
    assert kept.told == []
    del part
    assert kept.told == [True]


def test_a_view_has_it(kept):
    """Also a view of the view."""
    view = kept.body().mapped()
    inner = memoryview(view)[1:].toreadonly()
    del view
    assert (kept.told, bytes(inner)) == ([], b"bc")
    del inner
    assert kept.told == [True]


def test_until_the_worker_answers(kept):
    """It is held, whoever else has let go of it."""
    lent = Lent()
    lent.lend(1, [kept.body(), b"beside", kept.body()])
    lent.answered(2)
    assert (kept.told, bool(lent)) == ([], True)
    lent.answered(1)
    assert (kept.told, bool(lent)) == ([True, True], False)
    lent.answered(1)


def test_a_worker_that_does_not_answer(kept):
    """Has perhaps not read it yet: it is given up for good, also where another has answered since."""
    gone, other = Lent(), Lent()
    body = kept.body()
    gone.lend(1, [body])
    gone.clear()
    other.lend(2, [body.part(0, 2), body.part(2, 1)])
    del body
    assert kept.told == []
    other.answered(2)
    assert kept.told == [False]


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=8))
def test_any_number_of_workers(workers):
    """Each is told of some parts, and answers or not: it is free where all have."""
    kept = Kept()
    body = kept.body()
    lents = []
    for parts, _ in workers:
        lents.append(Lent())
        lents[-1].lend(7, [body.part(0, 1) for _ in range(parts)])
    del body
    for lent, (_, answers) in zip(lents, workers, strict=True):
        if answers:
            lent.answered(7)
        else:
            lent.clear()
    assert kept.told == [all(answers for _, answers in workers)]
