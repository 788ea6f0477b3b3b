"""How long a client is waited for, and how far it had come when that was last looked at. Pure; used by `clients`."""

from msgspec import Struct

from servescope.web.http.clients.phase import Client, Phase

LEAST_BYTES = 1024  # that a client must move in the time it has


class Patience(Struct, frozen=True):
    """Seconds for LEAST_BYTES, or what is left if that is less. `header_s`: of a header, from the connection's beginning or the
    header's first byte on; TLS is agreed on in this time as well. `body_s`: of a body, or of an answer that its client has to take.
    """

    header_s: float = 60.0
    body_s: float = 120.0

    def of(self, phase: Phase) -> float:
        """For a client in this phase."""
        return self.header_s if phase is Phase.HEADER else self.body_s


class Look(Struct, frozen=True):
    """A client as it was seen at `since`, monotonic seconds, when it last had moved enough."""

    phase: Phase
    rested: float
    progress: int
    since: float

    def stands(self, client: Client, phase: Phase) -> bool:
        """Whether it is still at the same, and has moved less than LEAST_BYTES."""
        same = phase is self.phase and client.rested == self.rested
        return same and abs(client.progress - self.progress) < LEAST_BYTES


def look_at(client: Client, phase: Phase, now: float) -> Look:
    """What is seen now."""
    return Look(phase, client.rested, client.progress, now)
