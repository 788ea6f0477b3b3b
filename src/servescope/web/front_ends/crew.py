"""All front ends of the inference port: started, looked after, told of what changes, and ended together.

In: the port's app and terms. Out: the port's connections and requests of all of them, as if there were one process. Made by
`server.http.front_ends`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from servescope.errors import ConfigurationError
from servescope.fleet.offspring.family import Offspring
from servescope.metrics.recording.ports.front_ends import FrontEndRecorder
from servescope.web.front_ends.dealer import Dealer
from servescope.web.front_ends.desk import Port
from servescope.web.front_ends.front_end import FrontEnd
from servescope.web.front_ends.messages import Terms
from servescope.web.http.clients.clients import Recorder
from servescope.web.http.clients.phase import Phase
from servescope.web.http.clients.room import Room

LOOK_S = 1.0
START_S = 60.0
_LOOKED_S = 0.25  # that a scrape waits for what they say
_END_S = 5.0


class Crew:
    """`count` of them. `dealer` takes the port's connections for them, as long as there is `room`. `ports` counts connections,
    `recorder` front ends.
    """

    def __init__(
        self,
        count: int,
        terms: Callable[[], Terms],
        app: Port,
        ports: Recorder,
        recorder: FrontEndRecorder,
        offspring: Offspring,
        room: Room,
    ) -> None:
        self.front_ends: Sequence[FrontEnd] = [
            FrontEnd(number, terms, app, ports, recorder, offspring) for number in range(1, count + 1)
        ]
        self.dealer = Dealer(self.front_ends, ports, room)
        self._timer: asyncio.TimerHandle | None = None
        ports.show(self.phases)
        recorder.show(self.states, self.used)

    async def start(self) -> None:
        """Have them all serve.

        Raises:
            ConfigurationError: one cannot be started.
        """
        try:
            await asyncio.wait_for(asyncio.gather(*[each.start() for each in self.front_ends]), START_S)
        except (OSError, TimeoutError) as error:
            why = error.strerror or str(error) or f"it is not there after {START_S:g} s"
            raise ConfigurationError(f"front_ends={len(self.front_ends)}: one cannot be started: {why}") from error
        self._watch()

    async def look(self) -> None:
        """Learn how things are now, for a scrape; of one that is busy, what it said last has to do."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*[each.look() for each in self.front_ends]), _LOOKED_S)

    def renew(self) -> None:
        """The certificate has changed."""
        for each in self.front_ends:
            each.renew()

    async def close(self) -> None:
        """End them; what they were told last goes out."""
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*[each.close(_END_S) for each in self.front_ends])

    def phases(self) -> Mapping[str, int]:
        """How many connections are in each phase."""
        found = Counter({phase.value: 0 for phase in Phase})  # also while none of them is there to say so
        for each in self.front_ends:
            found.update(each.census.phases)
        return found

    def states(self) -> Mapping[str, int]:
        """How many front ends are in each of FRONT_END_STATES."""
        serving = sum(each.serving for each in self.front_ends)
        return {"serving": serving, "starting": len(self.front_ends) - serving}

    def used(self) -> Mapping[str, tuple[float, float, int]]:
        """Processor time in seconds, that of it which was waiting awake, and resident memory in bytes of each, by its number."""
        found = {str(each.number): each.census for each in self.front_ends}
        return {number: (each.cpu_s, each.polled_s, each.memory_bytes) for number, each in found.items()}

    def _watch(self) -> None:
        for each in self.front_ends:
            each.watch()
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._watch)
