"""What stands in an answer's place among those of a batch, where one request alone has none. Made by envelopes, read by
`outputs`.
"""

from dataclasses import dataclass, field

from servescope.errors import Raised


@dataclass(frozen=True)
class Refusal:
    """`status` and `text` of the error that the client gets. `mistake`: it is the client's own fault. `raised`: by the handler,
    where that is why.
    """

    status: int
    text: str
    mistake: bool = False
    raised: Raised | None = field(default=None, compare=False)
