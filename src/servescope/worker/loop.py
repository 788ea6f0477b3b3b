"""The loop that an asynchronous handler lives on, from its `initialize` to the worker's end. Called by `worker.__main__`."""

import asyncio


def make_runner() -> asyncio.Runner:
    """A runner whose loop is made when something is first run on it, uvloop's where that can be imported."""
    return asyncio.Runner(loop_factory=_new_loop)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # a model's own interpreter may lack it
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
