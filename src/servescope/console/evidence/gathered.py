"""One moment: in, a snapshot and the ring of the last hour; out, tables of gauges now and of growth lately, by their subjects.

Read by the quantities beside this file. Names of labels are those of the families, which are those of the recording rules.
"""

from collections.abc import Callable

from msgspec import Struct

from servescope.console.history.kept import HOST, Track
from servescope.console.history.memory import Memory, numbers
from servescope.console.history.readings import Stretch, last
from servescope.findings.judge import Subject, Table, subject
from servescope.metrics.snapshot import Snapshot


class Gathered(Struct, frozen=True):
    """See the module."""

    memory: Memory
    snapshot: Snapshot

    def now(self, family: str, *labels: str, where: tuple[str, str] | None = None) -> Table:
        """A family's series with these labels, of several the largest. `where`: only those with this label's value."""
        found: dict[Subject, float] = {}
        state = self.snapshot.families.get(family)
        if state is None:
            return found
        for values, value in state.numbers.items():
            named = dict(zip(state.labels, values, strict=True))
            if where is None or named[where[0]] == where[1]:
                key = subject(**{label: named[label] for label in labels})
                found[key] = max(value, found.get(key, value))
        return found

    def tracks(self) -> list[Track]:
        """The models that the snapshot knows."""
        return [(name, version) for name, version, *_ in numbers(self.snapshot, "servescope_workers_max")]

    def lately(self, seconds: float, read: Callable[[Stretch], float | None]) -> Table:
        """What `read` makes of each model's last so many seconds; None leaves it out."""
        found = {}
        for track in self.tracks():
            value = read(last(self.memory.hour, track, seconds))
            if value is not None:
                found[of(track)] = value
        return found

    def machine(self, seconds: float) -> Stretch:
        """The machine's last so many seconds."""
        return last(self.memory.hour, HOST, seconds)


def of(track: Track) -> Subject:
    """A model version as a subject."""
    return subject(model_name=track[0], model_version=track[1])
