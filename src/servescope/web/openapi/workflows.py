"""The paths of workflows on the inference and the management port, as OpenAPI fragments; contract, section H.

Called by `documents` and `schemas`.
"""

from servescope.web.openapi.parts import (
    Json,
    any_body,
    error_responses,
    json_response,
    operation,
    path_parameter,
    query_parameter,
    reference,
    status_response,
)

WORKFLOW_NAME = path_parameter("workflow_name", "The workflow.")


def workflow_inference_paths() -> Json:
    """`/wfpredict`."""
    answer = {
        "200": any_body("The answer of the graph's last node, or an object of the answers of several, by their names"),
        **error_responses(400, 404, 500, 503),
        "413": {"description": "The body is larger than max_request_size"},
    }
    body = {**any_body("The input of the graph's first node; its format is that node's own affair."), "required": True}
    text = "Ask a workflow: each of its nodes is asked, in the order of its graph."
    ask = operation("workflow_predictions", text, answer, parameters=[WORKFLOW_NAME], body=body)
    return {"/wfpredict/{workflow_name}": {"post": ask}}


def workflow_management_paths() -> Json:
    """`/workflows`."""
    return {
        "/workflows": {"get": _list(), "post": _register()},
        "/workflows/{workflow_name}": {"get": _describe(), "delete": _unregister()},
    }


def workflow_schemas() -> dict[str, Json]:
    """The JSON bodies of these paths."""
    listed = {"workflowName": {"type": "string"}, "workflowUrl": {"type": "string"}}
    numbers = {name: {"type": "integer"} for name in ("minWorkers", "maxWorkers", "batchSize", "maxBatchDelay")}
    described = {**listed, **numbers, "workflowDag": {"type": "string"}}
    each = {"type": "object", "required": list(listed), "properties": listed}
    return {
        "WorkflowList": {
            "type": "object",
            "required": ["workflows"],
            "properties": {
                "nextPageToken": {"type": "string"},
                "workflows": {"type": "array", "items": each},
                "warnings": {"type": "array", "items": {"type": "string"}},
            },
        },
        "Workflow": {"type": "object", "required": list(described), "properties": described},
    }


def _list() -> Json:
    parameters = [
        query_parameter("limit", "integer", "The most workflows in an answer, up to 100.", default=100),
        query_parameter("next_page_token", "string", "The nextPageToken of the answer before."),
    ]
    responses = {"200": json_response("The workflows", reference("WorkflowList"))} | error_responses(400, 500)
    return operation("listWorkflows", "List the workflows.", responses, parameters=parameters)


def _register() -> Json:
    parameters = [
        query_parameter("url", "string", "The archive: a name in the workflow store, or a file:// or http(s):// URL."),
        query_parameter("workflow_name", "string", "The name to serve it under; the manifest's if left out."),
        query_parameter("response_timeout", "integer", "Seconds that a worker may take for a batch."),
        query_parameter("startup_timeout", "integer", "Seconds that a worker may take to load."),
        query_parameter("s3_sse_kms", "boolean", "Accepted for the sake of old clients, without effect."),
    ]
    schema = {
        "type": "object",
        "required": ["url"],
        "properties": {each["name"]: each["schema"] for each in parameters},
    }
    body = {
        "description": "The same parameters as JSON, in place of the query.",
        "content": {"application/json": {"schema": schema}},
        "required": False,
    }
    done = {"200": status_response("The workflow is registered, and the workers of its nodes are ready")}
    errors = error_responses(400, 404, 405, 409, 500, 503)
    text = "Register a workflow, with a model for each of its nodes."
    return operation("registerWorkflow", text, done | errors, parameters=parameters, body=body)


def _describe() -> Json:
    one = {"type": "array", "items": reference("Workflow")}
    responses = {"200": json_response("The workflow", one)} | error_responses(400, 404, 500)
    return operation("describeWorkflow", "Describe a workflow.", responses, parameters=[WORKFLOW_NAME])


def _unregister() -> Json:
    responses = {"200": status_response("The workflow is gone, and its models are")}
    errors = error_responses(400, 404, 405, 408, 500, 503)
    return operation("unregisterWorkflow", "Unregister a workflow.", responses | errors, parameters=[WORKFLOW_NAME])
