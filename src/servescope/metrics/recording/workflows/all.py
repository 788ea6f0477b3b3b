"""The recorders of all workflows, also of those that went a moment ago. Held by `recorder.Recorder`, asked by `workflows`.

A workflow's last counts are kept so long that a scrape sees them, as a model's are.
"""

from collections.abc import Callable, Sequence

from servescope.metrics.recording.families import WorkflowFamilies
from servescope.metrics.recording.workflows.recorder import WorkflowRecorder
from servescope.metrics.registry import Registry

Make = Callable[[WorkflowFamilies, str, Sequence[str]], WorkflowRecorder]


class WorkflowRecorders:
    """`make` makes one; `kept_s`: for how long its counts stay. `clock` gives monotonic seconds."""

    def __init__(self, registry: Registry, make: Make, kept_s: float, clock: Callable[[], float]) -> None:
        self._families = WorkflowFamilies(registry)
        self._make = make
        self._kept_s = kept_s
        self._clock = clock
        self._found: dict[str, WorkflowRecorder] = {}
        self._retired: dict[str, float] = {}

    def begin(self, name: str, nodes: Sequence[str]) -> WorkflowRecorder:
        """The writes of a workflow, made at its registration; one that comes back soon counts on, but for nodes it has no more."""
        self._retired.pop(name, None)
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._make(self._families, name, nodes)
        else:
            found.attach(nodes)
        return found

    def forget(self, name: str) -> None:
        """It was unregistered."""
        if (found := self._found.get(name)) is not None:
            found.detach()
            self._retired[name] = self._clock() + self._kept_s
        self.sweep()

    def sweep(self) -> None:
        """Drop the series of those that went long enough ago."""
        now = self._clock()
        for name in [name for name, until in self._retired.items() if until <= now]:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop the series of one that went, if it did."""
        if self._retired.pop(name, None) is not None:
            self._found.pop(name).remove()
