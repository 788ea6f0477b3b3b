"""What a worker's probe says: the metrics that the handler keeps in its own process, in the words of prometheus_client.

The probe is a socket pair beside the channel, so that metrics can be asked for while the worker is deep in a request.
Worker → front end: `Hello` once there may be metrics, then an answer to each question (`QUESTION`, one byte): any number
of `Answer` frames (see `wire.frames`), the last one marked. The frame's attachment is an `Exposed` in msgpack, left for the
reader to decode when it has time. One question is outstanding at a time.
"""

from msgspec import Struct

QUESTION = b"?"
# The largest answer to one question, bytes of attachments.
ANSWER_LIMIT = 16 * 1024 * 1024
# The largest piece of one, bytes: it is decoded in one go.
PIECE_LIMIT = 1024 * 1024


class Hello(Struct, array_like=True, tag="hello"):
    """The handler uses prometheus_client; questions are welcome."""


class Answer(Struct, array_like=True, tag="answer"):
    """A piece of an answer. `size`: the bytes of its attachment; `last`: it completes the answer."""

    size: int
    last: bool


class ExposedSeries(Struct, array_like=True):
    """One series. `values` of the family's labels, in its order; `value` is a histogram's or summary's sum.

    `count` and `buckets`, which are (upper bound, cumulative count) ascending, are 0 and [] where they do not apply.
    """

    values: list[str]
    value: float
    count: float
    buckets: list[tuple[float, float]]


class ExposedFamily(Struct, array_like=True):
    """Series under the name by which a scrape of the worker would show them. A large family comes in several pieces.

    `kind`: counter, gauge, histogram, summary or unknown. `labels`: names, without a histogram's `le`.
    """

    name: str
    kind: str
    help: str
    labels: list[str]
    series: list[ExposedSeries]


class Exposed(Struct, array_like=True):
    """A piece of a worker's metrics, and what had to be left out of them and why."""

    families: list[ExposedFamily]
    problems: list[str]


FromProbe = Hello | Answer
