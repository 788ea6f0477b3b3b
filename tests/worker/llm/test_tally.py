"""Counting tokens of an engine that is played by the test, call by call."""

import asyncio
import dataclasses
import itertools

import pytest

from servescope.worker.llm.tally import Tally, counted, current, remembered


@dataclasses.dataclass
class Sequence:
    """A part of one sequence of an output."""

    token_ids: tuple = ()
    finish_reason: str | None = None
    index: int = 0


@dataclasses.dataclass
class Output:
    """An output of the engine."""

    outputs: object
    prompt_token_ids: tuple = (1, 2, 3)
    num_cached_tokens: int | None = None


@dataclasses.dataclass
class Stats:
    """The engine's account of a sequence."""

    num_generation_tokens: int
    first_token_ts: float


@dataclasses.dataclass
class State:
    """A sequence in the engine."""

    stats: Stats
    is_prefilling: bool = False
    prompt_len: int = 3
    num_cached_tokens: int = 2


async def collect(stream, tally, params="delta"):
    current.set(tally)
    return [output async for output in stream("prompt", params)]


def engine_of(*outputs):
    async def generate(prompt, params):
        for output in outputs:
            if isinstance(output, BaseException):
                raise output
            yield output

    return counted(generate, lambda _prompt, params: params == "whole")


def run(tally, *outputs, params="delta"):
    return asyncio.run(collect(engine_of(*outputs), tally, params))


def test_a_stream():
    """The prompt once; tokens as they come; a gap between one output of a sequence and its next; one reason."""
    clock = itertools.count(10.0, 1.0)
    tally = Tally(8.0, lambda: next(clock))
    outputs = [
        Output([Sequence((7,))], num_cached_tokens=2),
        Output([Sequence((8, 9))]),
        Output([Sequence((), "stop")]),
    ]
    assert run(tally, *outputs) == outputs
    tokens = tally.take()
    assert (tokens.prompt, tokens.cached, tokens.generation) == (3, 2, 3)
    assert (tokens.first_s, tokens.gaps_s, tokens.finished) == (2.0, [1.0], ["stop"])
    assert tally.take() is None


def test_taken_piece_by_piece():
    """Each `take` gives what came since the last; the first token is told once."""

    async def main():
        tally = Tally(0.0, lambda: 5.0)
        current.set(tally)
        stream = engine_of(Output([Sequence((7,))]), Output([Sequence((8,), "length")]))("prompt", "delta")
        taken = [tally.take() async for _ in stream]
        return [*taken, tally.take()]

    first, second, last = asyncio.run(main())
    assert (first.prompt, first.generation, first.first_s, first.gaps_s) == (3, 1, 5.0, [])
    assert (second.prompt, second.generation, second.first_s, second.gaps_s) == (0, 1, None, [0.0])
    assert (last.generation, last.finished) == (0, ["length"])


def test_sequences_of_one_call():
    """Gaps are each sequence's own; one reason for the call, length before stop."""
    clock = itertools.count(0.0, 1.0)
    tally = Tally(0.0, lambda: next(clock))
    run(tally, Output([Sequence((1,)), Sequence((1,), "length", 1)]), Output([Sequence((2,), "stop")]))
    tokens = tally.take()
    assert (tokens.prompt, tokens.generation, tokens.gaps_s, tokens.finished) == (3, 3, [1.0], ["length"])


def test_calls_of_one_request():
    """Two prompts in one request: both are counted, the first token is the first of all."""
    tally = Tally(0.0)

    async def main():
        one = engine_of(Output([Sequence((1,), "stop")]))
        await asyncio.gather(collect(one, tally), collect(one, tally))

    asyncio.run(main())
    tokens = tally.take()
    assert (tokens.prompt, tokens.generation, tokens.finished) == (6, 2, ["stop", "stop"])


def test_an_embedding():
    """Output that is no sequence: prompt tokens only."""
    tally = Tally(0.0)
    run(tally, Output(object()))
    tokens = tally.take()
    assert (tokens.prompt, tokens.generation, tokens.finished) == (3, 0, ["stop"])


def test_an_engine_that_is_asked_by_keywords():
    """As vLLM's app asks for embeddings."""
    tally = Tally(0.0)

    async def encode(prompt, pooling_params, request_id):
        yield Output(object(), prompt)

    async def main():
        current.set(tally)
        stream = counted(encode, lambda *_args, **_kwargs: True)
        return [output async for output in stream(request_id="r", prompt=(1, 2), pooling_params=None)]

    assert len(asyncio.run(main())) == 1
    assert tally.take().prompt == 2


def make_engine(states, outputs, whole=True):
    """An engine whose calls wait after `outputs`, or raise the last of them."""
    entered = asyncio.Event()

    async def add_request(request_id):
        return "queue"

    added = remembered(add_request, lambda request_id, queue: states if queue == "queue" else [])

    async def generate(prompt, params):
        await added("r")
        for output in outputs:
            if isinstance(output, BaseException):
                raise output
            yield output
        entered.set()
        await asyncio.Event().wait()

    return counted(generate, lambda *_args: whole), entered


@pytest.mark.parametrize("whole", [True, False])
def test_aborted(whole):
    """What the engine had done is counted though it gave no output of it, and nothing twice."""

    async def main():
        tally = Tally(1.0, lambda: 9.0)
        outputs = [] if whole else [Output([Sequence((1, 2))], num_cached_tokens=2)]
        stream, entered = make_engine([State(Stats(5, 4.0))], outputs, whole)
        task = asyncio.create_task(collect(stream, tally))
        await entered.wait()
        task.cancel()
        await tally.settled(5.0)
        await asyncio.wait({task})
        return tally.take()

    tokens = asyncio.run(main())
    assert (tokens.prompt, tokens.cached, tokens.generation, tokens.finished) == (3, 2, 5, ["abort"])
    assert tokens.first_s == (3.0 if whole else 8.0)


def test_aborted_before_the_prompt_was_read():
    """Nothing was done: nothing is counted but the end."""

    async def main():
        tally = Tally(0.0)
        stream, entered = make_engine([State(Stats(0, 0.0), is_prefilling=True)], [])
        task = asyncio.create_task(collect(stream, tally))
        await entered.wait()
        task.cancel()
        await asyncio.wait({task})
        return tally.take()

    tokens = asyncio.run(main())
    assert (tokens.prompt, tokens.generation, tokens.first_s, tokens.finished) == (0, 0, None, ["abort"])


def test_a_whole_answers_first_token():
    """One output at the end: the engine's own clock says when its first token was made."""

    async def main():
        tally = Tally(1.0, lambda: 9.0)
        whole = Output([Sequence((1, 2, 3), "stop")])
        stream, entered = make_engine([State(Stats(3, 4.0)), State(Stats(1, 5.0)), State(Stats(0, 0.0))], [whole])
        task = asyncio.create_task(collect(stream, tally))
        await entered.wait()
        tokens = tally.take()
        task.cancel()
        await asyncio.wait({task})
        return tokens

    tokens = asyncio.run(main())
    assert (tokens.generation, tokens.first_s, tokens.gaps_s) == (3, 3.0, [])


def test_a_failing_engine():
    """It had the request, and failed."""

    async def main():
        tally = Tally(0.0)
        stream, _ = make_engine([State(Stats(2, 4.0))], [RuntimeError("dead")])
        with pytest.raises(RuntimeError):
            await collect(stream, tally)
        return tally.take()

    tokens = asyncio.run(main())
    assert (tokens.generation, tokens.finished) == (2, ["error"])


def test_a_refused_request():
    """The engine never had it: nothing to tell."""
    tally = Tally(0.0)
    with pytest.raises(ValueError, match="too long"):
        run(tally, ValueError("too long"))
    assert tally.take() is None


def test_nobody_counts():
    """Calls that belong to no request pass as they are."""
    output = Output([Sequence((1,), "stop")])
    assert run(None, output) == [output]
