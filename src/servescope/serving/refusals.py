"""What a client is told whom no worker will serve: TorchServe's words and the reason. Raised by `serving.queue` and `web`."""

from servescope.errors import ServiceUnavailable

_SHOWN = 80
_ENDS = {
    "handler": "its handler has ended it",
    "idle": "it was idle for longer than sequenceMaxIdleMSec",
    "timeout": "it is older than sequenceTimeoutMSec",
    "worker_died": "its worker has died, and what it remembered is gone",
    "worker_retired": "its worker was taken away, and what it remembered is gone",
}


def no_worker(name: str, version: str | None, retry_after_s: int | None = None) -> ServiceUnavailable:
    """Nobody works for the model, nor will unless somebody sees to it; `retry_after_s` where workers are on their way."""
    return ServiceUnavailable(_text(name, version), why="no_worker", retry_after_s=retry_after_s)


def queue_full(name: str, version: str | None, capacity: int, retry_after_s: int) -> ServiceUnavailable:
    """There are workers, and as many requests as may wait for them; which TorchServe's text leaves open."""
    text = f"{_text(name, version)} The queue is full ({capacity})."
    return ServiceUnavailable(text, why="queue_full", retry_after_s=retry_after_s)


def no_ticket(name: str, version: str | None) -> ServiceUnavailable:
    """For a request of a model with useJobTicket that finds no worker free."""
    return ServiceUnavailable(
        f"{_text(name, version)} No worker is free (useJobTicket).", why="no_ticket", retry_after_s=1
    )


def sequence_full(name: str, version: str | None, limit: int) -> ServiceUnavailable:
    """For a request whose sequence has as many in front of it as may wait."""
    text = f"{_text(name, version)} As many requests of this sequence wait as may (maxSequenceJobQueueSize {limit})."
    return ServiceUnavailable(text, why="sequence_full")


def too_many_sequences(name: str, version: str | None, limit: int) -> ServiceUnavailable:
    """For a request that would begin one more."""
    text = f"{_text(name, version)} As many sequences are open as may be (maxNumSequence {limit})."
    return ServiceUnavailable(text, why="sequence_limit")


def sequence_over(name: str, version: str | None, sequence: str, reason: str) -> ServiceUnavailable:
    """For a request that was to go on with a sequence which has ended, for one of SEQUENCE_ENDS."""
    why = _ENDS.get(reason, reason)
    text = f"{_text(name, version)} The sequence {sequence[:_SHOWN]!r} is over: {why}. Begin it anew."
    return ServiceUnavailable(text, why="sequence_over")


def unregistered(name: str) -> ServiceUnavailable:
    """For those that had waited when a model was unregistered, and outwaited unregister_model_timeout."""
    return ServiceUnavailable(f'Model "{name}" was unregistered before this request was served.')


def draining() -> ServiceUnavailable:
    """For those that come while the server ends: another may have taken its place in a moment."""
    text = "The server is stopping and takes no new requests. Please send this one to another server, or again later."
    return ServiceUnavailable(text, why="draining", retry_after_s=1)


def _text(name: str, version: str | None) -> str:
    """TorchServe's one text for every 503, to the letter, its unbalanced quote included."""
    place = f'Model "{name}"' if version is None else f'Model "{name}" Version {version}"'
    return (
        f"{place} has no worker to serve inference request. Please use scale workers API to add workers. "
        "If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize"
    )


def asleep(name: str, seconds: int, patience_s: float) -> ServiceUnavailable:
    """For those who cannot wait as long as a model that sleeps takes to load."""
    text = (
        f'Model "{name}" was asleep and is loading, which takes about {seconds} s more; a request waits for {patience_s:g} s. '
        f"Please send it again in {seconds} s."
    )
    return ServiceUnavailable(text, why="asleep", retry_after_s=seconds)


def overslept(name: str, seconds: int, patience_s: float) -> ServiceUnavailable:
    """For those who have waited as long as they can for a model that was asleep, and loads for longer than it used to."""
    text = (
        f'Model "{name}" was asleep and is still loading, after the {patience_s:g} s that a request waits. '
        f"Please send it again in {seconds} s."
    )
    return ServiceUnavailable(text, why="asleep", retry_after_s=seconds)


def not_waking(name: str, reason: str, seconds: int) -> ServiceUnavailable:
    """For those who wait for a model that was asleep, and does not load; it is tried again in `seconds`."""
    return ServiceUnavailable(f'Model "{name}" was asleep and does not load: {reason}', retry_after_s=seconds)
