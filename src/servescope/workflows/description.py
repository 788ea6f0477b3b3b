"""A workflow as the management API describes it: TorchServe's fields in TorchServe's order. Called by `web.management`."""

from typing import Any

from servescope.workflows.workflow import Workflow


def describe(workflow: Workflow) -> dict[str, Any]:
    """It, with the options that hold where a node says nothing else, and its graph as a text."""
    options = workflow.spec.options
    return {
        **entry(workflow),
        "minWorkers": options.min_workers,
        "maxWorkers": options.max_workers,
        "batchSize": options.batch_size,
        "maxBatchDelay": options.max_batch_delay_ms,
        "workflowDag": str(workflow.spec.dag),
    }


def entry(workflow: Workflow) -> dict[str, Any]:
    """It, as one of a list."""
    return {"workflowName": workflow.name, "workflowUrl": workflow.war.url}
