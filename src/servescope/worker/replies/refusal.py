"""What stands in an answer's place among those of a batch, where one request alone has none. Made by envelopes, read by
`outputs`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """`status` and `text` of the error that the client gets. `mistake`: it is the client's own fault."""

    status: int
    text: str
    mistake: bool = False
