"""How an engine's processes end with their worker's. Called by `watch`, and by the worker once it has nothing more to do.

vLLM's processes share memory by names that only a `resource_tracker` takes away again. It is of the worker's process group,
which the front end kills when the worker is gone: so the worker waits for it, a moment.
"""

import os
import sys
import threading
from collections.abc import Callable
from multiprocessing import resource_tracker

PATIENCE_S = 1.0  # for vLLM's processes to leave by themselves; then vLLM kills them
LAST_S = 5.0
STATUS = 1


def end_engine(shutdown: Callable[[float], None]) -> None:
    """End the engine's processes by `shutdown(seconds)`, and have what they shared taken away."""
    shutdown(PATIENCE_S)
    stop = getattr(resource_tracker._resource_tracker, "_stop", None)  # noqa: SLF001 - it has no other end
    if stop is not None:
        stop()


def leave(text: str, shutdown: Callable[[float], None]) -> None:
    """Say why, end what is left of the engine, and then this process, at once: an orderly end would wait for the engine.

    It ends in `LAST_S` seconds in any case.
    """
    print(text, file=sys.stderr, flush=True)
    timer = threading.Timer(LAST_S, os._exit, (STATUS,))
    timer.daemon = True
    timer.start()
    try:
        end_engine(shutdown)
    finally:
        sys.stdout.flush()
        os._exit(STATUS)
