"""What a handler raised → the answer that its clients get, and what the log says of it. Called by sessions and envelopes."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from servescope.worker.replies.outputs import BadOutput
from servescope.worker.replies.texts import shorten, text_of, traceback_of

OUT_OF_RESOURCES = "Out of resources"
PREDICTION_FAILED = "Prediction failed"
_SHOWN = 200


@dataclass(frozen=True)
class Failure:
    """The status and text of a reply for a batch that failed. `deliberate`: as in `wire.messages.Reply`."""

    code: int
    message: str
    deliberate: bool = False


def failure_of(error: BaseException) -> Failure:
    """The answer that TorchServe's service gives for what a handler raised."""
    # The handler raises the shim's class or one made from it; this module must not import it, and knows it by its name.
    names = {kind.__name__ for kind in type(error).__mro__}
    if "PredictionException" in names and hasattr(error, "error_code"):
        code = error.error_code
        text = text_of(getattr(error, "message", error))
        if not isinstance(code, int) or not 200 <= code <= 999:
            shown = repr(code) if isinstance(code, str) else text_of(code)
            return Failure(500, f"{text} (raised with the impossible code {shorten(shown, _SHOWN)})", deliberate=True)
        return Failure(507 if code == 413 else int(code), text, deliberate=True)
    if isinstance(error, BadOutput):
        return Failure(503, text_of(error))
    if isinstance(error, MemoryError) or _speaks_of_cuda(error):
        return Failure(507, OUT_OF_RESOURCES)
    return Failure(503, PREDICTION_FAILED)


def _speaks_of_cuda(error: BaseException) -> bool:
    try:
        return "CUDA" in str(error)
    except Exception:  # a handler's own __str__
        return False


def described(error: BaseException) -> str:
    """An error in words, as a traceback ends with it, and fit for a message."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def report_failure(error: BaseException, request_ids: Sequence[str]) -> None:
    """Write what happened, to whom, to stderr, which the front end keeps as the model log."""
    print(f"Requests {shorten(', '.join(request_ids))} failed:", file=sys.stderr)
    sys.stderr.write(traceback_of(error))
    sys.stderr.flush()
