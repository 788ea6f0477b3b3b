"""Requests of given lengths to a language model: in, lengths; out, whole requests, each made as it is sent. Called by
`cli.planning`.

OpenAI's completions take a prompt as numbers of tokens, so a length is exact without a tokenizer. `ignore_eos`, which vLLM has,
makes the answer as long as was asked. No two prompts begin alike, not even the same one in another load: what an engine finds in
its cache of prefixes would make it look faster than it is.
"""

import json
import random
from collections.abc import Callable, Sequence

from servescope.planner.load.lengths import Lengths

# Every model has these, and they are of one width. So many of them at the start are drawn anew each time: 100⁸ beginnings.
_FIRST, _LAST = 100, 199
_FRESH = 8
_WIDTH = len(f"{_FIRST},")


class Completions(Sequence[bytes]):
    """As many as there are lengths. `whole`: makes a request of a body."""

    def __init__(
        self, model: str, lengths: Sequence[Lengths], chance: random.Random, whole: Callable[[bytes], bytes]
    ) -> None:
        self._head = b'{"model":' + json.dumps(model).encode() + b',"stream":true,"ignore_eos":true,"prompt":['
        self._lengths = lengths
        self._chance = chance
        self._whole = whole
        # One tape, of which a prompt is the beginning, its first tokens aside.
        self._tape = self._tokens(max(one.prompt for one in lengths))

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, index: int) -> bytes:  # type: ignore[override] # nobody asks for a slice
        """The request, with a beginning of its own."""
        asked = self._lengths[index]
        fresh = self._tokens(min(_FRESH, asked.prompt))
        prompt = (fresh + self._tape[len(fresh) : asked.prompt * _WIDTH])[:-1]
        return self._whole(self._head + prompt + b'],"max_tokens":%d}' % asked.answer)

    def _tokens(self, count: int) -> bytes:
        return b"".join(b"%d," % self._chance.randint(_FIRST, _LAST) for _ in range(count))
