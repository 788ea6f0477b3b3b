"""One answered request, as the request path tells the recorder of it."""

from servescope.metrics.recorder import ModelRecorder
from servescope.metrics.request_recorder import Answer
from servescope.metrics.request_times import BatchTimes


def answer(model: ModelRecorder, asked: str, latency_us: float, queue_us: float) -> None:
    """The handler answered a request of a batch of one; its port has counted the answer already."""
    times = BatchTimes(queue_us / 1e6, queue_us / 1e6, 1, "W-9000-noop_1.0")
    times.answered(queue_us / 1e6, latency_us / 1e6, {"prediction": 0.0}, handled=True)
    model.requests.finished(
        "predict", ("POST", "/ping"), asked, 200, Answer.STREAMED, 0.0, latency_us / 1e6, times, True, 1, 2, "abc", ""
    )
    model.requests.settle()
