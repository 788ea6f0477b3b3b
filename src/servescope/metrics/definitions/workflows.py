"""Workflows: which of a request's nodes its time went to, and how often each was asked.

A workflow's requests are in the families of models too, under its own name and the version `workflow`; those of its nodes' models
have the transport `workflow`.
"""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, Definition

# What a workflow has in place of a model's version.
WORKFLOW_VERSION = "workflow"
ATTEMPT_OUTCOMES = ("ok", "failed", "timeout", "cancelled")

_NODE = ("model_name", "model_version", "node")

WORKFLOWS = (
    Definition(
        "servescope_workflow_node_seconds", "histogram", "seconds", _NODE,
        "Where the time of a workflow's request went, by node; its nodes add up to its duration. Each counts from the answer that"
        " it waited for last to its own, all its attempts included, the last node to the end of the request. A node that the"
        " answer did not wait for, as another that ran beside it took longer, has no part in it.",
        "Written when the last byte of the answer is handed to the transport, or the client has hung up.", DURATION_BUCKETS,
    ),
    Definition(
        "servescope_workflow_node_attempts_total", "counter", "attempts", (*_NODE, "outcome"),
        "How often a workflow asked a node, by outcome: ok; failed: it was not answered; timeout: not within timeout-ms;"
        " cancelled: its request was over, as another node failed or the client hung up.", "Counted at the attempt's end.",
    ),
)  # fmt: skip
