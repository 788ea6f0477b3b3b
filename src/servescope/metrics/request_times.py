"""When the requests of a batch went through what, and the stages that their time falls into.

In: moments that `serving` notes as a batch passes, and the worker's own stage times. Out: seconds by stage, which add up to a
request's duration. Read by `request_recorder` and `tracing`.
"""

from collections.abc import Mapping

from msgspec import Struct

_NONE: Mapping[str, float] = {}


class BatchTimes(Struct, eq=False, gc=False):  # nothing in it refers back
    """One batch's moments, shared by its requests; monotonic seconds, 0.0 where it has not come so far.

    `formed`: taken off the queue. `assembling`: since when a free worker waited for it to fill, `formed` where none did.
    `ahead`: sent to a worker that still had another batch in hand. `started`: taken up by the worker (its word, on the same
    clock). `received`: its (last) reply came in. `stages`: seconds in the worker: `prediction`, the handler's whole entry
    point, and those of preprocess, inference and postprocess that the handler tells apart.
    """

    formed: float
    assembling: float
    size: int
    worker: str
    ahead: bool = False
    started: float = 0.0
    received: float = 0.0
    stages: Mapping[str, float] = _NONE


def waiting_times(times: BatchTimes, arrived: float) -> tuple[float, float]:
    """Seconds that a request waited for a worker, and for its batch to fill while a worker was free."""
    since = times.assembling if times.assembling > arrived else arrived
    filling = times.formed - since if since < times.formed else 0.0
    # What is sent ahead goes on waiting for its worker in the socket.
    end = times.started if times.ahead and times.received else times.formed
    return end - arrived - filling, filling


def stage_times(times: BatchTimes | None, arrived: float, ended: float, *, queued: bool) -> dict[str, float]:
    """Seconds by stage, of the stages that a request went through. `queued`: it was taken into the queue at all."""
    if times is None:
        return {"queue" if queued else "dispatch": ended - arrived}
    found: dict[str, float] = {}
    found["queue"], found["batch_wait"] = waiting_times(times, arrived)
    claimed = found["queue"] + found["batch_wait"]
    if times.received:
        rest = times.stages.get("prediction", 0.0)
        for name, seconds in times.stages.items():
            if name != "prediction":
                found[name] = seconds
                rest -= seconds
                claimed += seconds
        found["handler"] = rest if rest > 0.0 else 0.0
        found["respond"] = ended - times.received
        claimed += found["handler"] + found["respond"]
    found["dispatch"] = max(0.0, ended - arrived - claimed)
    return found
