"""When a front end's loop turns instead of sleeping: the loop, the clock and the requests are the test's."""

import pytest

from servescope.web.front_ends.child.awake import LIMIT_S, Awake

QUICK, SLOW, STEP = LIMIT_S / 4, 2 * LIMIT_S, LIMIT_S / 10


class Turning:
    """A front end's loop. `in_hand`: its requests. `awake`: what is tried. Each turn takes STEP seconds, of a processor too."""

    def __init__(self, allowed=True):
        self.now = self.had = 0.0
        self.in_hand = 0
        self._soon = []
        self.awake = Awake(self, lambda: self.in_hand, lambda: self.now, lambda: self.had)
        self.awake.allowed = allowed

    def call_soon(self, call):
        """As a loop's."""
        self._soon.append(call)

    @property
    def sleeps(self):
        """Whether it would, in the next turn."""
        return not self._soon

    def turn(self):
        soon, self._soon = self._soon, []
        for call in soon:
            call()

    def asked(self):
        """A request comes."""
        self.in_hand += 1
        if self.in_hand == 1:
            self.awake.asked()

    def passes(self, seconds):
        """Nothing comes for so long; how many turns were not slept through."""
        end, turns = self.now + seconds, 0
        while self.now < end:
            if self.sleeps:
                self.now = end
                break
            self.turn()
            turns += 1
            self.now += STEP
            self.had += STEP
        return turns

    def answered(self):
        """One has been, in a turn that took as long as others: the relay says so at that turn's end."""
        self.now += STEP
        self.had += STEP
        self.in_hand -= 1
        self.turn()
        if self.awake.waiting:
            self.awake.answered()

    def exchange(self, seconds):
        """One that is answered after so long: how many turns were not slept through."""
        self.asked()
        turns = self.passes(seconds)
        self.answered()
        assert self.sleeps
        return turns


@pytest.fixture
def quick():
    """One whose requests are answered quickly."""
    loop = Turning()
    for _ in range(10):
        loop.exchange(QUICK)
    loop.awake.polled_s = 0.0
    return loop


def test_answered_quickly():
    """It is awake from the fourth such request on, until the answer is there."""
    loop = Turning()
    assert [loop.exchange(QUICK) for _ in range(3)] == [0, 0, 0]
    assert loop.awake.polled_s == 0
    assert loop.exchange(QUICK) >= QUICK / STEP
    assert loop.awake.polled_s == pytest.approx(QUICK, abs=STEP)


def test_not_allowed():
    """It sleeps."""
    loop = Turning(allowed=False)
    assert not any(loop.exchange(QUICK) for _ in range(20))


def test_answered_slowly(quick):
    """It gives up at the limit, and soon does not try."""
    assert quick.exchange(SLOW) == pytest.approx(LIMIT_S / STEP, abs=2)
    for _ in range(5):
        quick.exchange(SLOW)
    assert quick.exchange(SLOW) == 0


def test_no_longer_alone(quick):
    """A second request ends it: who has more to do is woken for less. While that goes on, it does not begin."""
    quick.asked()
    quick.turn()
    assert not quick.sleeps
    quick.asked()
    quick.turn()
    assert quick.sleeps
    for _ in range(10):
        quick.passes(QUICK)
        quick.answered()
        quick.asked()
        assert quick.sleeps
    quick.answered()
    quick.answered()
    assert quick.exchange(QUICK) > 0


def test_two_at_a_time(quick):
    """Clients that come in twos find it asleep after a few times, however quick the answers are."""
    turns = []
    for _ in range(10):
        quick.asked()
        turns.append(quick.passes(STEP))
        quick.asked()
        quick.passes(QUICK)
        quick.answered()
        quick.answered()
    assert turns[-1] == 0


def test_what_it_took(quick):
    """Only turns in vain count as polling, not the one that brings the answer, nor what others had of the processor."""
    quick.asked()
    quick.passes(QUICK)
    quick.now += QUICK
    quick.answered()
    assert quick.awake.polled_s == pytest.approx(QUICK, abs=STEP)


def test_another_comes_with_the_answer(quick):
    """That turn was not in vain; those after it are."""
    quick.asked()
    quick.passes(QUICK)
    polled = quick.awake.polled_s
    quick.had += 5 * STEP
    quick.in_hand -= 1
    quick.asked()
    quick.turn()
    assert quick.awake.polled_s == polled
    assert not quick.sleeps
    turns = quick.passes(QUICK)
    assert quick.awake.polled_s == pytest.approx(polled + turns * STEP, abs=STEP)


def test_others_want_the_processor(quick):
    """A turn that comes much too late tells it to sleep for a while."""
    quick.asked()
    quick.turn()
    quick.now += 3 * LIMIT_S
    quick.answered()
    assert not any(quick.exchange(QUICK) for _ in range(60))
