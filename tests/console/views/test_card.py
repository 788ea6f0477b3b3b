"""A model's figures of a stretch of time."""

from servescope.console.history.kept import Sample
from servescope.console.history.readings import last
from servescope.console.history.ring import Ring
from servescope.console.views.card import stages

MODEL = ("m", "1.0")


def spent(queued, **seconds):
    """What stands on the card, of a hundred requests of which so many were taken into the queue."""
    ring = Ring(5.0, 10)
    counters = {("requests", "2xx"): queued, ("requests", "5xx"): 100.0 - queued, ("queued", ""): queued}
    ring.take(5.0, {MODEL: Sample(counters | {("stage", stage): value for stage, value in seconds.items()})})
    return stages(last(ring, MODEL, 60))


def test_stages_are_of_requests_that_were_taken():
    """Those that are refused at the door take no time, and do not make that of the others look short."""
    found = spent(2.0, queue=30.0, handler=3.0)
    assert (found["queue"], found["handler"], found["respond"]) == (15.0, 1.5, 0.0)
    assert set(spent(0.0, dispatch=0.1).values()) == {None}
