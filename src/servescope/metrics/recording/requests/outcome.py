"""What became of one request of a model. Made by `web.inference.prediction` at its end; read by `request_recorder`."""

from enum import Enum

from msgspec import Struct

from servescope.metrics.recording.requests.times import BatchTimes


class Answer(Enum):
    """What the client got. A stream was counted on its port (`response_sent`) as it began."""

    NONE = "none"
    WHOLE = "whole"
    STREAMED = "streamed"


class RequestOutcome(Struct, frozen=True, kw_only=True, eq=False):
    """`route`: predict, explain or openai. `way`: its method and its path's template, None where it came by no port. `asked`: the
    version in its URL, or `default`. `code`: the answer's status, 499 where the client hung up. `hung_up`: it did, and no handler
    gave this code. `first_piece`: when the client was sent the first piece of a stream, None where it was sent none. It, `arrived`,
    `ended`: monotonic seconds. `times`: its batch's, None where it never was in one. `queued`: it was taken into the queue.
    `received_bytes`, `sent_bytes`: of its body and its answer's. `trace_id`: "" where it is not traced. `transport`: rest, grpc or
    workflow.
    """

    route: str
    way: tuple[str, str] | None
    asked: str
    code: int
    answer: Answer
    hung_up: bool = False
    first_piece: float | None = None
    arrived: float
    ended: float
    times: BatchTimes | None
    queued: bool
    received_bytes: int
    sent_bytes: int
    request_id: str
    trace_id: str
    transport: str = "rest"

    @property
    def duration_s(self) -> float:
        """From its arrival to its end."""
        return self.ended - self.arrived

    @property
    def waited_s(self) -> float:
        """For how long its client had nothing: to the first piece of a stream, else to the end."""
        return (self.ended if self.first_piece is None else self.first_piece) - self.arrived

    @property
    def handled(self) -> BatchTimes | None:
        """Its batch's times, where the handler answered it and the client got something of that."""
        times = self.times
        return times if times is not None and times.handled and self.answer is not Answer.NONE else None
