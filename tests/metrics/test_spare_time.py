"""What can wait is done in its turn, once, a step at a time."""

import pytest

from servescope.metrics.spare_time import SpareTime


def test_steps_have_their_turns():
    """In the order in which they were asked for, those that come again last; whoever is told twice before does it once."""
    spare, done = SpareTime(), []

    def again(alone):
        done.append(("again", alone))
        if len(done) < 3:
            spare.later(again)

    def once(alone):
        done.append(("once", alone))

    assert not spare.due
    for step in (again, once, again):
        spare.later(step)
    for alone in (True, False, True):
        assert spare.due
        spare.use(alone)
    assert done == [("again", True), ("once", False), ("again", True)]
    assert not spare.due
    spare.use(alone=True)
    assert len(done) == 3


def test_a_step_that_fails_is_taken_once():
    """The next comes after it."""
    spare, done = SpareTime(), []

    def fails(_alone):
        raise RuntimeError("a step")

    spare.later(fails)
    spare.later(done.append)
    with pytest.raises(RuntimeError, match="a step"):
        spare.use(alone=True)
    assert spare.due
    spare.use(alone=True)
    assert done == [True]
    assert not spare.due
