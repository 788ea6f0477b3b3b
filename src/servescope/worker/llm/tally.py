"""Counts the tokens of a request. In: the outputs of the engine's calls that it leads to; out: `Tokens`, on every reply.

`counted` wraps the engine's `generate` and `encode`; which request a call belongs to is told by `current`, a context
variable that the handler sets. Nothing here imports vLLM: what it reads of its outputs is named in `_Call`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

from servescope.wire.messages import Tokens

Stream = Callable[..., AsyncGenerator[Any, None]]
_KNOWN = ("length", "abort", "error")
_MOST = 50_000  # gaps, and ends of sequences, in one reply; those of one piece of a stream are a few


class Tally:
    """The tokens of one request. `started`: CLOCK_MONOTONIC seconds of its replies' `started`."""

    def __init__(self, started: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started = started
        self._open = 0
        self._settled: asyncio.Event | None = None
        self._seen_first = False
        self._tokens: Tokens | None = None

    def take(self) -> Tokens | None:
        """What came since the last call; None if nothing."""
        tokens, self._tokens = self._tokens, None
        return tokens

    async def settled(self, seconds: float) -> None:
        """Wait until every call of the engine has ended, at most `seconds`."""
        if not self._open:
            return
        self._settled = asyncio.Event()
        try:
            await asyncio.wait_for(self._settled.wait(), seconds)
        except TimeoutError:
            pass

    def begin(self) -> None:
        """A call of the engine begins."""
        self._open += 1

    def end(self, reason: str | None) -> None:
        """It has ended: why, or None where the engine never had it."""
        if reason is not None and len(finished := self._now().finished) < _MOST:
            finished.append(reason)
        self._open -= 1
        if not self._open and self._settled is not None:
            self._settled.set()

    def prompt(self, tokens: int, cached: int) -> None:
        """The engine has read a prompt, `cached` tokens of it from its cache."""
        now = self._now()
        now.prompt += tokens
        now.cached += cached

    def generated(self, tokens: int, first: float, gap: float | None) -> None:
        """Tokens of one sequence. `first`: when the first of them was made; `gap`: seconds since the sequence's last."""
        now = self._now()
        now.generation += tokens
        if gap is not None and len(now.gaps_s) < _MOST:
            now.gaps_s.append(gap)
        if not self._seen_first:
            self._seen_first = True
            now.first_s = max(0.0, first - self.started)

    def _now(self) -> Tokens:
        if self._tokens is None:
            self._tokens = Tokens()
        return self._tokens


current: ContextVar[Tally | None] = ContextVar("servescope_tally", default=None)


class _Call:
    """One call of the engine. `states`: the engine's own account of its sequences, for those that give no output.

    A state has `prompt_len`, `num_cached_tokens`, `is_prefilling` and `stats` with `num_generation_tokens` and
    `first_token_ts` (CLOCK_MONOTONIC seconds, 0 before it).
    """

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.states: list[Any] = []
        self.accepted = False
        self._prompt_seen = False
        self._generated = 0
        self._latest: dict[int, float] = {}
        self._reasons: list[str] = []

    def add(self, output: Any, whole: bool) -> None:
        """An output of the engine. `whole`: it is the only one, when all is done."""
        if not self._prompt_seen:
            self._prompt_seen = True
            self.tally.prompt(len(output.prompt_token_ids or ()), output.num_cached_tokens or 0)
        sequences = getattr(output, "outputs", None)
        if not isinstance(sequences, list):  # an embedding, a class, a score
            self._reasons.append("stop")
            return
        now = self.tally.clock()
        for sequence in sequences:
            self._add_sequence(sequence, self._first(now) if whole else now, now)

    def _add_sequence(self, sequence: Any, first: float, now: float) -> None:
        count = len(sequence.token_ids)
        if count:
            before = self._latest.get(sequence.index)
            self._latest[sequence.index] = now
            self._generated += count
            self.tally.generated(count, first, None if before is None else now - before)
        if sequence.finish_reason is not None:
            self._reasons.append(sequence.finish_reason)

    def _first(self, now: float) -> float:
        times: list[float] = [state.stats.first_token_ts for state in self.states if state.stats is not None]
        return min([now, *(one for one in times if one)])

    def finish(self, reason: str | None) -> None:
        """The call has ended; what the engine did and gave no output of is counted."""
        if reason is not None:
            self._count_rest()
        elif self._reasons:
            reason = next((one for one in _KNOWN if one in self._reasons), "stop")
        self.tally.end(reason if self.accepted or self._prompt_seen else None)

    def _count_rest(self) -> None:
        read = [state for state in self.states if not state.is_prefilling]
        if read and not self._prompt_seen:
            self.tally.prompt(read[0].prompt_len, read[0].num_cached_tokens or 0)
        rest = sum(state.stats.num_generation_tokens for state in self.states if state.stats is not None)
        if rest > self._generated:
            self.tally.generated(rest - self._generated, self._first(self.tally.clock()), None)


_call: ContextVar[_Call | None] = ContextVar("servescope_call", default=None)


def counted(stream: Stream, is_whole: Callable[..., bool]) -> Stream:
    """`stream`, an engine's `generate` or `encode`, with its outputs counted in the tally of the request in hand.

    `is_whole`, called with the same arguments, tells whether there is to be one output at the end.
    """

    async def wrapped(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        tally = current.get()
        if tally is None:
            async with aclosing(stream(*args, **kwargs)) as outputs:
                async for output in outputs:
                    yield output
            return
        call = _Call(tally)
        _call.set(call)
        tally.begin()
        reason: str | None = "error"
        try:
            whole = is_whole(*args, **kwargs)
            async with aclosing(stream(*args, **kwargs)) as outputs:
                async for output in outputs:
                    call.add(output, whole)
                    yield output
            reason = None
        except (asyncio.CancelledError, GeneratorExit):
            reason = "abort"
            raise
        finally:
            call.finish(reason)

    return wrapped


def remembered(add_request: Callable[..., Any], states_of: Callable[[str, Any], list[Any]]) -> Callable[..., Any]:
    """An engine's `add_request`, with the states of its sequences noted for the call in hand.

    `states_of(request_id, queue)` gives them, of the request that `add_request` returned `queue` for.
    """

    async def wrapped(request_id: str, *args: Any, **kwargs: Any) -> Any:
        call = _call.get()
        queue = await add_request(request_id, *args, **kwargs)
        if call is not None:
            call.accepted = True
            call.states = states_of(request_id, queue)
        return queue

    return wrapped
