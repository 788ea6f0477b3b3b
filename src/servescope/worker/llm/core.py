"""What runs in the engine's own process in place of vLLM's entry point: the same, bound to the worker and able to say why
it failed.

`engine` puts `run` in the place of vLLM's `EngineCoreProc.run_engine_core` and names a file by the environment variable
`REASON_FILE`; the engine's process, which imports this module anew, writes there what kept it from starting.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

REASON_FILE = "SERVESCOPE_ENGINE_REASON_FILE"
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the system end this process when `parent`, which started it, ends in any way. Linux only; elsewhere nothing."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that
        os._exit(1)


def write_reason(error: BaseException) -> None:
    """Leave word of what happened for the worker, once: what follows a first failure is its echo.

    The file is there only while the engine starts; nobody waits for word of what happens later.
    """
    path = os.environ.get(REASON_FILE)
    if path and os.path.exists(path) and not os.path.getsize(path):
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"{type(error).__name__}: {error}")


def run(*args: Any, **kwargs: Any) -> None:
    """The entry point of an engine's process: vLLM's, within a watch. Its own children get `run_worker`."""
    from multiprocessing import parent_process

    from vllm.v1.engine.core import EngineCoreProc
    from vllm.v1.executor.multiproc_executor import WorkerProc

    parent = parent_process()
    if parent is not None and parent.pid is not None:
        die_with_parent(parent.pid)
    WorkerProc.worker_main = run_worker
    try:
        EngineCoreProc.run_engine_core(*args, **kwargs)
    except Exception as error:
        write_reason(error)
        raise


def run_worker(*args: Any, **kwargs: Any) -> None:
    """The entry point of a process for one device: vLLM's, which keeps to itself what it fails of."""
    from vllm.v1.executor.multiproc_executor import WorkerProc

    WorkerProc.__init__ = telling(WorkerProc.__init__)
    WorkerProc.worker_main(*args, **kwargs)


def telling(function: Callable[..., None]) -> Callable[..., None]:
    """`function`, leaving word of what it raises."""

    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            write_reason(error)
            raise

    return wrapped
