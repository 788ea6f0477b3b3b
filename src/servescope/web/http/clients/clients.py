"""The connections of one port: which there are, which of them are waited for, and for how long still.

`connection` and `handshake` tell when they come, go, and begin to wait for their client; `rounds` has these looked at every second.
So a request costs no timer, and an idle connection nothing at all: only those in the middle of something are kept track of.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from servescope.web.http.clients.patience import Look, Patience, look_at
from servescope.web.http.clients.phase import Client, Phase

TIMEOUTS = {Phase.HEADER: "header_timeout", Phase.BODY: "body_timeout", Phase.UNREAD: "answer_timeout"}
NO_DESCRIPTORS = "no_descriptors"


class Recorder(Protocol):
    """Counts connections: `metrics.recording.ports.connections.PortConnections`, or who takes it word of them."""

    def show(self, census: Callable[[], Mapping[str, int]]) -> None:
        """Let `census` say, whenever that is wanted, how many connections are in each phase."""

    def closed(self, reason: str) -> None:
        """A connection was ended, for one of CLOSING_REASONS."""

    def accept_failed(self, reason: str) -> None:
        """No further connection can be taken, for one of ACCEPT_FAILURES."""


class Clients:
    """See the module. `open`: all there are. `recorder`: what is counted of them."""

    def __init__(self, patience: Patience, recorder: Recorder) -> None:
        self.open: set[Client] = set()
        self.patience = patience
        self.recorder = recorder
        self._awaited: dict[Client, Look | None] = {}
        recorder.show(self.census)

    def joined(self, client: Client) -> None:
        """It is connected, and has yet to say something."""
        self.open.add(client)
        self._awaited[client] = None

    def left(self, client: Client) -> None:
        """It is gone."""
        self.open.discard(client)
        self._awaited.pop(client, None)

    def wait_for(self, client: Client) -> None:
        """It has begun what only its client can finish."""
        self._awaited.setdefault(client)

    def sweep(self, now: float) -> None:
        """Give up those who have had their time. `now`: monotonic seconds."""
        awaited, self._awaited = self._awaited, {}
        for client, seen in awaited.items():
            phase = client.phase
            if client not in self.open or phase is Phase.IDLE:
                continue
            if phase is Phase.ANSWERING:
                self._awaited[client] = (
                    None  # half of its next request may have come: the time for it begins with the answer
                )
            elif seen is None or not seen.stands(client, phase):
                self._awaited[client] = look_at(client, phase, now)
            elif now - seen.since < self.patience.of(phase):
                self._awaited[client] = seen
            else:
                self.recorder.closed(TIMEOUTS[phase])
                client.give_up(at_once=False)

    def awaited(self) -> list[Client]:
        """Those that are waited for, or were at the last sweep."""
        return [client for client in self._awaited if client in self.open]

    def idle(self) -> list[Client]:
        """All others that are not busy. Nothing more is asked of them: they may be thousands, and requests wait meanwhile."""
        awaited = self._awaited
        return [client for client in self.open if client not in awaited and not client.busy]

    def stalled(self, since: float) -> Iterator[tuple[float, Client]]:
        """Those whose body has stood still since this time or longer, and since when."""
        for client, seen in self._awaited.items():
            if (
                seen is not None
                and seen.since <= since
                and client.phase is Phase.BODY
                and seen.stands(client, Phase.BODY)
            ):
                yield seen.since, client

    def make_room(self, client: Client) -> None:
        """End it, as its descriptor is needed."""
        self.recorder.closed(NO_DESCRIPTORS)
        client.give_up(at_once=True)
        if client.phase is not Phase.IDLE:
            self.wait_for(client)

    def close(self) -> None:
        """End all of them."""
        for client in list(self.open):
            client.close()

    def census(self) -> Mapping[str, int]:
        """How many are in each phase."""
        awaited, idle = self.awaited(), self.idle()
        found = Counter([client.phase for client in awaited])
        found[Phase.IDLE] += len(idle)
        found[Phase.ANSWERING] += len(self.open) - len(awaited) - len(idle)
        return {phase.value: found[phase] for phase in Phase}
