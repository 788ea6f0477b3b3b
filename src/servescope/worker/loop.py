"""The loop that an asynchronous handler lives on, from its `initialize` to the worker's end. Called by `worker.__main__`.

An ordinary handler's worker has none, and does not import what one takes: 11 ms and 3.7 MB of each worker.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class Loop:
    """One loop for all that is run on it, made when something first is. Closed by `close`, or never made."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end; what it returns, or raises."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner(loop_factory=_new_loop)
        return self._runner.run(coroutine)

    def close(self) -> None:
        """End what is left on the loop, and the loop."""
        if self._runner is not None:
            self._runner.close()


def _new_loop() -> "asyncio.AbstractEventLoop":
    """Uvloop's where that can be imported."""
    try:
        import uvloop
    except ImportError:  # a model's own interpreter may lack it
        import asyncio

        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
