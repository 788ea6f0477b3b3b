"""What a handler raised → the answer that its clients get, and what the log says of it. Called by sessions and envelopes."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from servescope.errors import Raised
from servescope.worker.replies.outputs import BadOutput
from servescope.worker.replies.records import NAME, write_record
from servescope.worker.replies.texts import shorten, text_of, traceback_of

OUT_OF_RESOURCES = "Out of resources"
PREDICTION_FAILED = "Prediction failed"
_SHOWN = 200
_TOLD, _TOLD_TRACE = 1024, 16 * 1024  # bytes, for traces: each request of a batch that failed has them


@dataclass(frozen=True)
class Failure:
    """The status and text of a reply for a batch that failed. `deliberate` and `raised`: as in `wire.messages.Reply`."""

    code: int
    message: str
    deliberate: bool = False
    raised: Raised | None = field(default=None, compare=False)


def failure_of(error: BaseException) -> Failure:
    """The answer that TorchServe's service gives for what a handler raised."""
    code, message = _answer_for(error)
    return Failure(code, message, _is_prediction_exception(error), raised_by(error))


def raised_by(error: BaseException) -> Raised:
    """The exception for a trace: its class as OpenTelemetry names it, its text, its traceback."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Raised(shorten(name, _SHOWN), shorten(text_of(error), _TOLD), shorten(traceback_of(error), _TOLD_TRACE))


def _answer_for(error: BaseException) -> tuple[int, str]:
    if _is_prediction_exception(error):
        code = error.error_code  # type: ignore[attr-defined]
        text = text_of(getattr(error, "message", error))
        if not isinstance(code, int) or not 200 <= code <= 999:
            shown = repr(code) if isinstance(code, str) else text_of(code)
            return 500, f"{text} (raised with the impossible code {shorten(shown, _SHOWN)})"
        return 507 if code == 413 else int(code), text
    if isinstance(error, BadOutput):
        return 503, text_of(error)
    if isinstance(error, MemoryError) or _speaks_of_cuda(error):
        return 507, OUT_OF_RESOURCES
    return 503, PREDICTION_FAILED


def _is_prediction_exception(error: BaseException) -> bool:
    """The handler raises the shim's class or one made from it; this module must not import it, and knows it by its name."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "PredictionException" in names and hasattr(error, "error_code")


def _speaks_of_cuda(error: BaseException) -> bool:
    try:
        return "CUDA" in str(error)
    except Exception:  # a handler's own __str__
        return False


def described(error: BaseException) -> str:
    """An error in words, as a traceback ends with it, and fit for a message."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def words_for(error: BaseException) -> str:
    """What TorchServe's service logs of what a handler raised, before its traceback."""
    if _is_prediction_exception(error):
        return "Prediction error."
    if isinstance(error, MemoryError):
        return "System out of memory."
    return "CUDA out of memory." if _speaks_of_cuda(error) else "Invoking custom service failed."


def report_failure(error: BaseException, request_ids: Sequence[str], what: str = "") -> None:
    """Have the model log say what happened, to whom. `what`: by default what TorchServe says of a handler that raised."""
    what = what or words_for(error)
    text = f"{what} Requests: {', '.join(request_ids)}" if request_ids else what
    write_record(sys.stderr, logging.ERROR, NAME, text, traceback_of(error), request_ids)
