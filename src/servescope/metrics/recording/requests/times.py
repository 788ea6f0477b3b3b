"""When the requests of a batch went through what, and the stages that their time falls into.

In: moments that `serving` notes as a batch passes, and the worker's own stage times. Out: seconds by stage, which add up to a
request's duration. Read by `request_recorder` and `tracing`.
"""

from collections.abc import Mapping

from msgspec import Struct

from servescope.metrics.recording.requests.generation import Generation

_NONE: Mapping[str, float] = {}


class BatchTimes(Struct, eq=False, gc=False):  # nothing in it refers back
    """One batch's moments, shared by its requests; monotonic seconds, 0.0 where it has not come so far.

    `formed`: taken off the queue. `assembling`: since when a free worker waited for it to fill, `formed` where none did.
    `ahead`: sent to a worker that still had another batch in hand, so that it goes on waiting in the socket. `turn`: when
    the wait for a worker was over. `received`: its (last) reply came in. `prediction`: seconds in the handler's entry point.
    `stages`: those of preprocess, inference and postprocess that the handler tells apart. `handled`: the handler answered,
    with whatever status, and did not fail. `plain`: so it did, and tells no stages apart: what nearly all batches of a busy server
    are. `generation`: what a language model made of its one request.
    """

    formed: float
    assembling: float
    size: int
    worker: str
    ahead: bool = False
    turn: float = 0.0
    received: float = 0.0
    prediction: float = 0.0
    stages: Mapping[str, float] = _NONE
    plain: bool = False
    handled: bool = False
    generation: Generation | None = None

    def answered(self, started: float, received: float, stages: dict[str, float], *, handled: bool) -> None:
        """Its last reply came in; `started`: when the worker took it up, its word on the same clock.

        `stages`: seconds in the worker, `prediction` among them.
        """
        self.handled = handled
        self.turn = started if self.ahead else self.formed
        self.received = received
        self.prediction = stages.pop("prediction", 0.0)
        if stages:
            self.stages = stages
        else:
            self.plain = handled


def filling_time(times: BatchTimes, arrived: float) -> float:
    """Seconds that a request waited for its batch to fill while a worker was free."""
    since = times.assembling if times.assembling > arrived else arrived
    return times.formed - since if since < times.formed else 0.0


def stage_times(times: BatchTimes | None, arrived: float, ended: float, *, queued: bool) -> dict[str, float]:
    """Seconds by stage, of the stages that a request went through. `queued`: it was taken into the queue at all."""
    if times is None:
        return {"queue" if queued else "dispatch": ended - arrived}
    found: dict[str, float] = {}
    filling = filling_time(times, arrived)
    found["queue"] = (times.turn or times.formed) - arrived - filling
    if filling > 0.0:
        found["batch_wait"] = filling
    if times.received:
        found.update(times.stages)
        found["handler"] = max(0.0, times.prediction - sum(times.stages.values()))
        found["respond"] = ended - times.received
    found["dispatch"] = max(0.0, ended - arrived - sum(found.values()))
    return found
