"""metrics_mode=off: the same calls, and nothing comes of them."""

import inspect

from servescope.metrics.recording.llm import LlmRecorder
from servescope.metrics.recording.model import ModelRecorder
from servescope.metrics.recording.off import (
    SilentLlm,
    SilentModel,
    SilentPort,
    SilentRecorder,
    SilentRequests,
    SilentWorkers,
)
from servescope.metrics.recording.ports import PortRecorder
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.recording.workers import WorkerRecorder

# What the silent ones inherit on purpose: nothing calls it where nothing is recorded.
UNCALLED = {"sweep"}


def test_nothing_is_left_that_records() -> None:
    """Every public method of the recorders is silenced, also those that are added later."""
    pairs = [
        (Recorder, SilentRecorder), (ModelRecorder, SilentModel), (RequestRecorder, SilentRequests),
        (LlmRecorder, SilentLlm), (WorkerRecorder, SilentWorkers), (PortRecorder, SilentPort),
    ]  # fmt: skip
    for loud, silent in pairs:
        methods = {name for name, _ in inspect.getmembers(loud, inspect.isfunction) if not name.startswith("_")}
        assert methods - UNCALLED <= set(vars(silent)), silent
