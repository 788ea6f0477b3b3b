"""The pauses of a scrape: none on an idle loop, some on a busy one, and not without end."""

import asyncio

from servescope.web.metrics.courtesy import MOST_S, PAUSE_S, Courtesy


class Clock:
    """Gives the times that it was told."""

    def __init__(self, *times):
        self.times = list(times)

    def __call__(self):
        return self.times.pop(0)


def test_an_idle_loop_is_not_waited_for():
    """One turn, and on."""
    clock = Clock(0.0, 0.00001)
    asyncio.run(Courtesy(clock).give_way())
    assert clock.times == []


def test_a_busy_loop_gets_more_time():
    """As a timer tells, until the scrape has waited as long as it may."""

    async def run():
        loop = asyncio.get_running_loop()
        busy = (0.0, 0.001, 0.0, MOST_S)
        courtesy = Courtesy(Clock(*busy, 0.0, 0.001))
        began = loop.time()
        await courtesy.give_way()
        first = loop.time() - began
        await courtesy.give_way()
        return first

    assert asyncio.run(run()) >= PAUSE_S * 0.5
