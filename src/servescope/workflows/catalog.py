"""The workflows of a server, by name. Read by every request to one; changed by `lifecycle`."""

from collections.abc import Iterator

from servescope.archive.war.errors import WorkflowNotFound
from servescope.errors import Conflict
from servescope.workflows.workflow import Workflow


class Workflows:
    """Name → workflow."""

    def __init__(self) -> None:
        self._found: dict[str, Workflow] = {}

    def find(self, name: str) -> Workflow:
        """Raises: WorkflowNotFound where there is none."""
        found = self._found.get(name)
        if found is None:
            raise WorkflowNotFound(f"Workflow not found: {name}")
        return found

    def refuse_duplicate(self, name: str) -> None:
        """Raises: Conflict where there is one."""
        if name in self._found:
            raise Conflict(f"Workflow {name} is already registered.")

    def add(self, workflow: Workflow) -> None:
        """Make one known. Raises: Conflict as `refuse_duplicate`."""
        self.refuse_duplicate(workflow.name)
        self._found[workflow.name] = workflow

    def remove(self, name: str) -> Workflow:
        """Take one away: new requests find it no more. Raises: WorkflowNotFound where there is none."""
        found = self.find(name)
        del self._found[name]
        return found

    def __iter__(self) -> Iterator[Workflow]:
        """By name."""
        return iter([self._found[name] for name in sorted(self._found)])
