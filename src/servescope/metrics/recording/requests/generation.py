"""What is known of a language model's answer to one request. In: notes of `serving.queue.batch`. Out: read by `objectives`."""

from msgspec import Struct


class Generation(Struct, eq=False, gc=False):
    """`first_s`: seconds from the request's arrival to its first token, None where its client has none. `gaps`: how often an
    output of a sequence came after another; `gaps_s`: seconds between them, all together.
    """

    first_s: float | None = None
    gaps: int = 0
    gaps_s: float = 0.0

    @property
    def mean_gap_s(self) -> float | None:
        """None where there was one output only."""
        return self.gaps_s / self.gaps if self.gaps else None
