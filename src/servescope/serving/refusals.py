"""What a client is told whom no worker will serve, in words. Said by `serving.queue.dispatcher` and `web`."""

DRAINING = "The server is stopping and takes no new requests. Please send this one to another server, or again later."


def no_worker_text(name: str, version: str | None) -> str:
    """TorchServe's one text for every 503, its unbalanced quote included."""
    place = f'Model "{name}"' if version is None else f'Model "{name}" Version {version}"'
    return (
        f"{place} has no worker to serve inference request. Please use scale workers API to add workers. "
        "If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize"
    )


def unregistered_text(name: str) -> str:
    """For those that had waited when a model was unregistered, and outwaited unregister_model_timeout."""
    return f'Model "{name}" was unregistered before this request was served.'


def asleep_text(name: str, seconds: int, patience_s: float) -> str:
    """For those who cannot wait as long as a model that sleeps takes to load."""
    return (
        f'Model "{name}" was asleep and is loading, which takes about {seconds} s more; a request waits for {patience_s:g} s. '
        f"Please send it again in {seconds} s."
    )


def not_waking_text(name: str, reason: str) -> str:
    """For those who wait for a model that was asleep, and does not load."""
    return f'Model "{name}" was asleep and does not load: {reason}'
