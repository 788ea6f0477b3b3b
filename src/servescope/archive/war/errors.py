"""What is refused of workflow archives, and of workflows by name; see `servescope.errors`."""

from servescope.errors import ServescopeError


class InvalidWorkflow(ServescopeError):
    """400: an archive that is no workflow, or a specification that cannot be kept to (TorchServe answers 500)."""

    status = 400
    type_name = "InvalidWorkflowException"
    reason = "invalid_workflow"


class WorkflowNotFound(ServescopeError):
    """404: no workflow of that name, or no archive at that URL."""

    status = 404
    type_name = "WorkflowNotFoundException"
    reason = "unknown_workflow"
