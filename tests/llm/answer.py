"""What a client saw of a language model: each `Answer`'s events and when they came, `LlmBooks` for a whole load.

Written by `truth.client`. Every stream is asked for with its usage in each event (`client.COUNTED`).
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from truth.books import Books, Entry

END = b"[DONE]"


@dataclass
class Answer(Entry):
    """One request, and the moments (monotonic seconds) at which the pieces of its answer had come."""

    arrivals: list[tuple[float, bytes]] = field(default_factory=list)

    def came(self, moment: float, piece: bytes) -> None:
        """See `Entry`; the moment is noted."""
        super().came(moment, piece)
        self.arrivals.append((moment, piece))

    @property
    def streamed(self) -> bool:
        """Whether it is an event stream."""
        return self.body.startswith(b"data:")

    def events(self) -> list[tuple[float, bytes]]:
        """The data of each whole event of a stream, and when the last byte of it had come."""
        found, rest = [], b""
        for moment, piece in self.arrivals:
            *whole, rest = (rest + piece).split(b"\n\n")
            found += [(moment, event.removeprefix(b"data: ")) for event in whole]
        return found

    def objects(self) -> list[tuple[float, dict[str, Any]]]:
        """The same as JSON, without the mark of the end."""
        return [(moment, json.loads(event)) for moment, event in self.events() if event != END]

    def usage(self) -> dict[str, Any]:
        """The last that it said of tokens; empty where it said nothing."""
        if not self.streamed:
            return json.loads(self.body).get("usage") or {}
        said = [one["usage"] for _, one in self.objects() if one.get("usage")]
        return said[-1] if said else {}

    def reasons(self) -> list[str]:
        """Why each of its choices ended."""
        whole = [one for _, one in self.objects()] if self.streamed else [json.loads(self.body)]
        return [choice["finish_reason"] for one in whole for choice in one["choices"] if choice["finish_reason"]]

    def token_moments(self) -> list[float]:
        """When each event with tokens came, of a stream of one choice."""
        moments, before = [], 0
        for moment, one in self.objects():
            now = (one.get("usage") or {}).get("completion_tokens", before)
            if now > before:
                moments.append(moment)
            before = max(before, now)
        return moments

    @property
    def first_token_s(self) -> float:
        """From the request to the first token of a stream."""
        return self.token_moments()[0] - self.sent

    def gaps_s(self) -> list[float]:
        """From each event with tokens to the next."""
        return [after - before for before, after in pairwise(self.token_moments())]


@dataclass
class LlmBooks(Books):
    """Every request of a load."""

    def open(self, path: str, sent_bytes: int) -> Answer:
        """A new entry."""
        self.entries.append(Answer(path, sent_bytes))
        return self.entries[-1]  # type: ignore[return-value]

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return max(entry.ended for entry in self.entries) - min(entry.sent for entry in self.entries)

    def tokens(self, kind: str, answers: list[Entry]) -> int:
        """The sum of `prompt_tokens` or `completion_tokens` of these, as their usage says."""
        return sum(answer.usage().get(kind, 0) for answer in answers if isinstance(answer, Answer))

    def cached_tokens(self) -> int:
        """Tokens of prompts that the server said were in the cache."""
        said = [answer.usage().get("prompt_tokens_details") or {} for answer in self.succeeded()]
        return sum(one.get("cached_tokens") or 0 for one in said)

    def succeeded(self) -> list[Answer]:
        """Those of whole answers without an error."""
        return [answer for answer in self.of("answered", 200) if isinstance(answer, Answer)]

    def reasons(self) -> dict[str, int]:
        """How many of those ended so; `length` where any of an answer's choices did."""
        ends = [answer.reasons() for answer in self.succeeded()]
        return dict(Counter("length" if "length" in reasons else reasons[0] for reasons in ends))

    def first_tokens_s(self) -> list[float]:
        """Ascending, of its streams."""
        return sorted(answer.first_token_s for answer in self.succeeded() if answer.streamed)

    def gaps_s(self) -> list[float]:
        """Ascending, of its streams."""
        return sorted(gap for answer in self.succeeded() if answer.streamed for gap in answer.gaps_s())
