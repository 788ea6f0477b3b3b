"""One answered request, as the request path tells the recorder of it."""

from typing import Any

from servescope.metrics.recording.recorder import ModelRecorder
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.metrics.recording.requests.times import BatchTimes


def outcome(**facts: Any) -> RequestOutcome:
    """What became of a prediction: a whole answer with status 200 after a second, but for these facts."""
    usual = {
        "route": "predict", "way": ("POST", "/predictions/{model_name}"), "asked": "default", "code": 200,
        "answer": Answer.WHOLE, "arrived": 10.0, "ended": 11.0, "times": None, "queued": True, "received_bytes": 1,
        "sent_bytes": 2, "request_id": "abc", "trace_id": "",
    }  # fmt: skip
    return RequestOutcome(**(usual | facts))


def answer(model: ModelRecorder, asked: str, latency_us: float, queue_us: float) -> None:
    """The handler answered a request of a batch of one; its port has counted the answer already."""
    times = BatchTimes(queue_us / 1e6, queue_us / 1e6, 1, "W-9000-noop_1.0")
    times.answered(queue_us / 1e6, latency_us / 1e6, {"prediction": 0.0}, handled=True)
    ended = latency_us / 1e6
    model.requests.finished(
        outcome(way=("POST", "/ping"), asked=asked, answer=Answer.STREAMED, arrived=0.0, ended=ended, times=times)
    )
    model.requests.settle()
