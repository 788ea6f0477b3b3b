"""How an engine's processes end with their worker's, and take away what they shared; and a worker with its engine.

vLLM's processes share memory by names, of hundreds of megabytes, that only multiprocessing's `resource_tracker` takes away
again: when the last process that uses it has ended, or is told to. `engine` has it started by `start_tracker`; `end_engine`
is called when the worker has nothing more to do, `leave` when `watch` has seen that the engine has died.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing import resource_tracker, util
from typing import Protocol

INTERVAL_S = 0.1
LAST_WORDS_S = 0.5  # for the requests in hand to be told
PATIENCE_S = 1.0  # for vLLM's processes to leave by themselves; then vLLM kills them
LAST_S = 5.0
STATUS = 1


class Engine(Protocol):
    """What is asked of an engine: vLLM's `AsyncLLM` has it."""

    @property
    def errored(self) -> bool:
        """Whether it can do no more."""


def start_tracker() -> None:
    """Start this process' tracker, which its children share, in a process group of its own.

    The front end kills the worker's group: a tracker in it would die with the worker, and the names would stay for good.
    """
    spawn = util.spawnv_passfds
    util.spawnv_passfds = _spawn_apart  # type: ignore[assignment]  # typeshed has numbers for the words
    try:
        resource_tracker.ensure_running()
    finally:
        util.spawnv_passfds = spawn


def _spawn_apart(path: bytes, words: list[str], descriptors: Sequence[int]) -> int:
    """As `multiprocessing.util.spawnv_passfds`, in a new process group."""
    before = {descriptor: os.get_inheritable(descriptor) for descriptor in descriptors}
    for descriptor in before:
        os.set_inheritable(descriptor, True)
    try:
        return os.posix_spawn(path, words, os.environ, setpgroup=0)
    finally:
        for descriptor, inherited in before.items():
            os.set_inheritable(descriptor, inherited)


def end_engine(shutdown: Callable[[float], None]) -> None:
    """End the engine's processes by `shutdown(seconds)`, and have what they shared taken away."""
    shutdown(PATIENCE_S)
    stop = getattr(resource_tracker._resource_tracker, "_stop", None)  # noqa: SLF001 - it has no other end
    if stop is not None:
        stop()


async def watch(
    engine: Engine, end: Callable[[str], None], interval: float = INTERVAL_S, last_words: float = LAST_WORDS_S
) -> None:
    """Look at the engine each `interval` seconds; when it has died, wait `last_words` seconds and call `end`."""
    while not engine.errored:  # noqa: ASYNC110 - vLLM tells nobody, it can only be asked
        await asyncio.sleep(interval)
    await asyncio.sleep(last_words)
    end("The engine has died, and the worker ends; the lines above may tell why.")


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
