"""Replies of a language model: what they say of tokens is counted, whoever still waits, and judged at the request's end."""

import time

import pytest

from fleet.clock import run, settle
from fleet.scripted import talking
from metrics.series import family
from servescope.errors import WorkerFailed
from servescope.wire.messages import Tokens
from serving.parts import Served


class Talk:
    """One request to a language model. `at`: when it arrived, monotonic seconds."""

    def __init__(self, served):
        self.served = served
        self.at = time.monotonic()
        [self.call] = served.submit("a")
        self.call.job.arrived = self.at
        self.life = served.lives[0]
        self.batch = self.life.batches[-1]

    def say(self, final=False, started=0.0, **tokens):
        self.life.answer(self.batch, final, tokens=Tokens(**tokens), started=started)

    @property
    def generation(self):
        return self.call.job.times.generation


async def talk(**options):
    served = Served(talking, **options)
    await settle()
    return Talk(served)


def tokens(served):
    """prompt, cached_prompt, generation."""
    kinds = ("prompt", "cached_prompt", "generation")
    return tuple(served.count("servescope_llm_tokens_total", "m", "1.0", kind) for kind in kinds)


def first_tokens(served):
    """Times to first tokens: how many there are, and their sum."""
    one = family(served.registry, "servescope_llm_time_to_first_token_seconds").series["m", "1.0"]
    return one.count, one.sum


def test_a_stream():
    """Its first token is there when the piece that brings it is handed on, whatever came before; gaps are summed up."""

    async def main():
        one = await talk()
        one.say(prompt=5, cached=4)
        assert (one.generation.first_s, tokens(one.served)) == (None, (5, 4, 0))
        before = time.monotonic()
        one.say(generation=1, first_s=1e6)
        after = time.monotonic()
        first_s = one.generation.first_s
        assert before - one.at <= first_s <= after - one.at
        one.say(generation=2, gaps_s=[0.25, 0.5])
        one.say(final=True, gaps_s=[0.75], generation=1, finished=["length"])
        generation = one.generation
        assert (generation.first_s, generation.gaps, generation.gaps_s) == (first_s, 3, 1.5)
        assert (tokens(one.served), first_tokens(one.served)) == ((5, 4, 4), (1, first_s))
        assert one.served.count("servescope_llm_finished_total", "m", "1.0", "length") == 1
        assert not one.call.job.times.plain

    run(main())


def test_a_whole_answer():
    """Its first token is when the engine says, on the clock of both."""

    async def main():
        one = await talk()
        one.say(final=True, started=one.at + 0.5, prompt=3, generation=2, first_s=0.25, gaps_s=[0.1])
        assert one.generation.first_s == pytest.approx(0.75)
        assert first_tokens(one.served) == (1, pytest.approx(0.75))
        assert not one.call.job.times.plain

    run(main())


def test_an_answer_that_is_an_error():
    """The engine died over it, says its app: what it had made counts, but nobody has got a first token."""

    async def main():
        one = await talk()
        one.life.answer(one.batch, tokens=Tokens(prompt=3, generation=2, first_s=0.1, finished=["error"]), status=500)
        assert (await one.call.future).status == 500
        assert (one.generation.first_s, tokens(one.served), first_tokens(one.served)) == (None, (3, 0, 2), (0, 0.0))

    run(main())


def test_an_answer_without_tokens():
    """Embeddings have no first token."""

    async def main():
        one = await talk()
        one.say(final=True, prompt=3, finished=["stop"])
        assert (one.generation.first_s, tokens(one.served), first_tokens(one.served)) == (None, (3, 0, 0), (0, 0.0))

    run(main())


def test_a_client_that_has_gone():
    """The tokens made for it count; it has no first one."""

    async def main():
        one = await talk()
        one.served.dispatcher.abandon(one.call.job)
        one.say(prompt=3, generation=1, first_s=0.1)
        one.life.fail(one.batch, 499, "gone", Tokens(generation=2, finished=["abort"]))
        assert (tokens(one.served), first_tokens(one.served)) == ((3, 0, 3), (0, 0.0))
        assert one.served.count("servescope_llm_finished_total", "m", "1.0", "abort") == 1

    run(main())


def test_a_failure():
    """The tokens of a request that fails count, also those that the worker tells of when nobody waits any more."""

    async def main():
        one = await talk()
        one.life.fail(
            one.batch, 503, "Prediction failed", Tokens(prompt=3, generation=1, first_s=0.1, finished=["error"])
        )
        with pytest.raises(WorkerFailed):
            await one.call.future
        assert (tokens(one.served), one.generation.first_s) == ((3, 0, 1), None)
        slow = Talk(one.served)
        with pytest.raises(WorkerFailed, match="Worker died"):
            await slow.call.future
        assert slow.life.cancelled == ["a"]
        slow.life.fail(slow.batch, 499, "gone", Tokens(prompt=4, generation=2, finished=["abort"]))
        assert (tokens(one.served), slow.life.over) == ((7, 0, 3), False)
        await one.served.dispatcher.drain()

    run(main())
