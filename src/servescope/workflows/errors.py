"""What is refused of workflows, besides their archives; see `servescope.errors`."""

from servescope.archive.war.errors import InvalidWorkflow
from servescope.errors import ServescopeError


class InvalidDag(InvalidWorkflow):
    """400: a workflow's nodes are no graph that can be run."""

    type_name = "InvalidDAGException"


class WorkflowNotRegistered(ServescopeError):
    """500: a workflow's models could not be registered."""

    type_name = "WorkflowException"
    reason = "workflow"
