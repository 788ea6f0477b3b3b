"""The process of a server: limits, logs, signals, the event loop. Called by `cli.start`; the server itself is `server.server`'s."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import cast

import uvloop

from servescope.archive.downloaded import remove_abandoned_downloads
from servescope.archive.workspace import workspace
from servescope.config.load import require_model_store
from servescope.config.settings import Settings
from servescope.config.snapshots.downloads import saved_downloads
from servescope.config.temporary import temporary_directory
from servescope.errors import ConfigurationError
from servescope.fleet.offspring.strays import end_strays
from servescope.logs.configuration import apply_log_config, unhold
from servescope.logs.layout.formats import LogFormat
from servescope.logs.setup import LogOptions, Logs, open_logs
from servescope.logs.streams.outlets import standing_in
from servescope.logs.streams.stream import Stream
from servescope.runtime.flusher import SETTLE_S, Flusher
from servescope.runtime.signals import Signals
from servescope.runtime.threads import Threads
from servescope.server.beginning import Beginning
from servescope.server.server import Server

logger = logging.getLogger("servescope.runtime")


FEWEST_FILES = 64  # the server itself takes thirty, and a worker's start sixteen
FEW_FILES = 4096


def raise_file_limit() -> None:
    """Let this process hold as many files and connections as the system allows it; a warning where these are few.

    Raises:
        ConfigurationError: they are too few to serve with.
    """
    files, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(
        ValueError, OSError
    ):  # the system's limit (fs.nr_open) may have been lowered below it since
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        files = hard
    if files == resource.RLIM_INFINITY:
        return
    if files < FEWEST_FILES:
        raise ConfigurationError(f"ulimit -n is {files}: a server needs {FEWEST_FILES} open files at least")
    if files < FEW_FILES:
        logger.warning(
            "This process may have %d files and connections open (ulimit -Hn): a connection takes one, a worker four.",
            files,
        )


def spare_the_collector() -> None:
    """Leave what lives as long as the server out of garbage collections, and make these rarer: requests leave no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def serve(settings: Settings, ready: Callable[[], None] | None = None) -> int:
    """Run a server until SIGTERM or SIGINT; the process's exit status. `ready` is called once it takes requests.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    signals = Signals()
    signals.begin()
    with standing_in("stdout", "stderr") as outlets:
        logs = open_logs(settings.log_location, settings.metrics_location, sys.stdout, _log_options(settings))
        try:
            if isinstance(sys.stderr, Stream):
                logs.losses.add("stderr", sys.stderr)
            if settings.log_config is not None:
                apply_log_config(settings.log_config)
                unhold(outlets, logs.losses)
            return _serve(settings, logs, signals, ready)
        finally:
            logs.close()


def _serve(settings: Settings, logs: Logs, signals: Signals, ready: Callable[[], None] | None) -> int:
    for warning in settings.warnings:
        logger.warning("%s", warning)
    raise_file_limit()
    for store in {require_model_store(settings), settings.workflow_store or require_model_store(settings)}:
        remove_abandoned_downloads(store, saved_downloads(settings))
    with workspace(temporary_directory(os.environ), end_strays) as directory:
        server = Server(Beginning(settings, logs, dict(os.environ), directory, Path.cwd()))
        uvloop.run(_run(server, ready, Flusher(logs.flush), signals))
    return 0


def _log_options(settings: Settings) -> LogOptions:
    logs_metrics = not {"log", "legacy"}.isdisjoint(settings.metrics_mode.split(","))
    return LogOptions(
        log_format=cast("LogFormat", settings.log_format),
        copies=frozenset(settings.ts_log_includes),
        access_ids=settings.access_log_request_id,
        model_ids=settings.model_log_request_id,
        settle_s=SETTLE_S if logs_metrics else 0.0,
    )


async def _run(server: Server, ready: Callable[[], None] | None, flusher: Flusher, signals: Signals) -> None:
    asyncio.get_running_loop().set_default_executor(Threads())
    flusher.start()
    signals.listen(server.reload)
    try:
        if not signals.stop.is_set() and await _unless(signals.stop, server.start()):
            spare_the_collector()
            logger.info("Model server started.")
            flusher.flush()  # whoever hears that it is ready may look for that line
            if ready is not None:
                ready()
            await signals.stop.wait()
    finally:
        await server.close(signals.hurry)
        flusher.stop()
        signals.ignore()


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do some work to its end; False where `stop` came first, which cancels it."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
        return False
    await task
    return True
