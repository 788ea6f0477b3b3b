"""A dead engine ends the worker."""

import asyncio

from servescope.worker.llm.watch import watch


def test_the_end_comes_after_the_engines():
    """Nothing while the engine lives; then one call, which says why."""

    class Engine:
        looks = 0

        @property
        def errored(self):
            self.looks += 1
            return self.looks > 3

    ended = []
    engine = Engine()
    asyncio.run(watch(engine, ended.append, 0, 0))
    assert engine.looks == 4
    assert len(ended) == 1
    assert "engine has died" in ended[0]
