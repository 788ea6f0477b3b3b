"""Whatever clients, workers and the clock do: each request is answered once, in its sequence's order, and the counts add up."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.clock import run, settle
from fleet.scripted import concurrent, silent
from servescope.errors import ServescopeError
from servescope.metrics.definitions import SEQUENCE_BEGINNINGS, SEQUENCE_ENDS
from serving.parts import sent
from serving.queue.sequences.kept import Kept

ASK = st.tuples(st.just("ask"), st.sampled_from(["", *"xyz"]), st.booleans(), st.booleans())
OTHERS = st.tuples(
    st.sampled_from(["answer", "piece", "die", "hang up", "wait", "long wait", "grow", "shrink"]), st.integers(0, 9)
)
COURSES = st.lists(st.one_of(ASK, ASK, OTHERS), max_size=40)


class Course:
    """A model that keeps sequences, and what has become of its requests."""

    def __init__(self, overlaps: bool) -> None:
        script = concurrent if overlaps else silent
        self.kept = Kept(
            script,
            workers=2,
            batch_size=2,
            delay_ms=50,
            idle_s=5,
            age_s=60,
            most=3,
            waiting=2,
            overlaps=overlaps,
            at_once=3,
        )
        self.calls, self.refused, self.gone = {}, 0, set()
        self.answered: set[int] = set()

    def ask(self, sequence: str, start: bool, end: bool) -> None:
        name = f"r{len(self.calls)} "
        try:
            self.calls[name] = (self.kept.ask(name, sequence, start=start, end=end), sequence)
        except ServescopeError:
            self.refused += 1

    def unanswered(self):
        return [
            (life, batch)
            for life in self.kept.lives
            if not life.over
            for batch in life.batches
            if batch.id not in self.answered
        ]

    async def do(self, what: str, number: int) -> None:
        kept, open_batches = self.kept, self.unanswered()
        if what == "answer" and open_batches:
            # Those of an ordinary worker come in their order; it has one at a time.
            life, batch = open_batches[number % len(open_batches)]
            self.answered.add(batch.id)
            life.answer(batch)
        elif what == "piece" and open_batches:
            life, batch = open_batches[number % len(open_batches)]
            life.answer(batch, final=False)
        elif what == "die":
            kept.lives[number % len(kept.lives)].die(3)
        elif what == "hang up" and self.calls:
            name = list(self.calls)[number % len(self.calls)]
            self.gone.add(name)
            kept.queue.abandon(self.calls[name][0].job)
        elif what == "wait":
            await asyncio.sleep(number)
        elif what == "long wait":
            await asyncio.sleep(10 * number)
        elif what == "grow":
            kept.pool.grow(2)
        elif what == "shrink":
            kept.pool.shrink(1)
        await settle()

    def check(self) -> None:
        """What holds at any moment."""
        kept = self.kept
        begun = sum(kept.begun(how) for how in SEQUENCE_BEGINNINGS)
        ended = sum(kept.ended(reason) for reason in SEQUENCE_ENDS)
        assert begun - ended == kept.open <= 4  # two workers take two each
        assert len(kept.queue) <= kept.queue.capacity

    async def finish(self) -> None:
        """Everything is answered, and every sequence ends."""
        while True:
            for life, batch in self.unanswered():
                self.answered.add(batch.id)
                life.answer(batch)
            await asyncio.sleep(1)
            if not self.unanswered() and not len(self.kept.queue):
                break
        await asyncio.wait_for(self.kept.queue.drain(), 1000)
        await asyncio.sleep(100)
        assert (self.kept.open, len(self.kept.queue), self.kept.queue.in_hand) == (0, 0, 0)
        self.check()

    def check_answers(self) -> None:
        """Whoever has stayed was told one thing: the answer to what was asked, or why there is none."""
        for name, (call, _) in self.calls.items():
            if call.future.done() and call.future.exception() is None and not call.pieces:
                assert call.future.result().body == name.encode()
            assert call.future.done() or name in self.gone, name

    def check_order(self) -> None:
        """Each worker was given the requests of a sequence in the order in which they came."""
        for sequence in "xyz":
            own = [name.strip() for name, (_, of) in self.calls.items() if of == sequence]
            for life in self.kept.lives:
                handled = [name for batch in sent(life) for name in batch.split() if name in own]
                assert handled == [name for name in own if name in handled]


@settings(max_examples=150, deadline=None)
@given(COURSES, st.booleans())
def test_any_course(course, overlaps):
    """Requests of sequences, answers, deaths, hang-ups, scaling and time, in any order."""

    async def main():
        state = Course(overlaps)
        await settle()
        for what, *more in course:
            if what == "ask":
                state.ask(*more)
                await settle()
            else:
                await state.do(what, *more)
            state.check()
        state.kept.pool.grow(1)
        await state.finish()
        state.check_answers()
        state.check_order()

    run(main())
