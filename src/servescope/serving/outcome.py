"""What whoever changes a model is told: an outcome, or why the model's workers do not start. Said by `serving.lifecycle`."""

from typing import Final

from msgspec import Struct

from servescope.errors import WorkerFailed, last_line
from servescope.serving.model import Model
from servescope.wire.messages import Loaded

IN_PROGRESS: Final = "Workers scaling in progress..."
PROCESSING: Final = "Processing worker updates..."


class Outcome(Struct, frozen=True):
    """What a management client is told: an HTTP status and TorchServe's sentence."""

    status: int
    text: str


def waiting(text: str, load: Loaded) -> str:
    """TorchServe's sentence, and what a worker waits for that has no place to run at."""
    return f"{text} {load.message[:1].upper()}{load.message[1:]}"


def not_started(model: Model, failed: Loaded) -> WorkerFailed:
    """TorchServe's sentence, and the reason: of a language model's engine all of it, else the last line; of an archive that held
    nothing that, too.
    """
    text = f"Failed to start workers for model {model.name} version: {model.version}"
    reason = failed.reason or last_line(failed.message)
    if model.archive.emptiness:
        reason = f"{reason}. {model.archive.emptiness}"
    return WorkerFailed(f"{text}: {reason}", code=failed.code)
