"""A model that has gone leaves memory at once: nothing of it waits for the garbage collector, which the server runs seldom."""

import gc
import weakref

import pytest

from fleet.clock import run, settle
from fleet.scripted import crashing, obliging, silent
from servescope.errors import ServescopeError
from serving.parts import Served, job


@pytest.mark.parametrize("script", [obliging, silent, crashing])
def test_its_parts_go_with_it(script):
    """Pool, dispatcher and workers, answered or not, whether they ever served or not."""

    async def main():
        served = Served(script, workers=2, window_s=1.0)
        await settle()
        call = job("r")
        served.dispatcher.submit(call.job)
        await settle()
        parts = [weakref.ref(part) for part in (served.pool, served.dispatcher, *served.pool)]
        gc.collect()
        gc.disable()
        try:
            await served.pool.close(0.0)
            await settle()
            with_error = call.future.exception() if call.future.done() else None
            assert with_error is None or isinstance(with_error, ServescopeError)
            served.lives.clear()  # the rig's own circles
            vars(served).clear()
            del served, call, with_error
            await settle()
            assert [part() for part in parts] == [None] * 4
        finally:
            gc.enable()

    run(main())
