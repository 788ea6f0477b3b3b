"""The JSON bodies that the server sends, as OpenAPI schemas by name. Read by `documents`.

The fields are TorchServe's (contract, sections A and B).
"""

from servescope.web.openapi.kserve import kserve_schemas
from servescope.web.openapi.openai import openai_schemas
from servescope.web.openapi.parts import Json, reference
from servescope.web.openapi.workflows import workflow_schemas

_WARNINGS: Json = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What there is to say besides, parameters that mean nothing for one; also as Warning headers.",
}


def schemas() -> dict[str, Json]:
    """All the schemas that a description may refer to."""
    return {
        "Error": _warned(
            {
                "code": ("integer", "The HTTP status."),
                "type": ("string", "The kind of error, ModelNotFoundException for one."),
                "message": ("string", "What went wrong."),
            }
        ),
        "Status": _warned({"status": ("string", "What was done.")}),
        "Health": _object({"status": ("string", "Healthy or Unhealthy.")}),
        "Readiness": _object({"name": ("string", "The model."), "ready": ("boolean", "Whether it can be asked now.")}),
        "Description": {
            "type": "object",
            "required": ["openapi", "info", "paths"],
            "properties": {"openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}},
        },
        "ModelList": _model_list(),
        "Worker": _worker(),
        "JobQueueStatus": _object(
            {
                "remainingCapacity": ("integer", "How many more requests the queue takes."),
                "pendingRequests": ("integer", "How many requests wait in the queue."),
            }
        ),
        "Model": _model(),
        "Registration": registration(),
        **(openai_schemas() | kserve_schemas() | workflow_schemas()),
    }


def registration() -> Json:
    """The parameters of `POST /models`, which come in the query or as a JSON body."""
    return _object(
        {
            "url": (
                "string",
                "The archive: a name or path in the model store, another path, or a file:// or http(s):// URL.",
            ),
            "model_name": ("string", "The name to serve it under; the manifest's if left out."),
            "handler": ("string", "The handler to use in place of the manifest's."),
            "runtime": ("string", "The runtime in place of the manifest's: python or python3."),
            "batch_size": ("integer", "The most requests in a batch (1)."),
            "max_batch_delay": ("integer", "The longest wait for a batch to fill, in ms (100)."),
            "initial_workers": ("integer", "How many workers to start (default_workers_per_model, else 0)."),
            "synchronous": ("boolean", "Whether to answer only once the workers are ready (true)."),
            "response_timeout": ("integer", "The longest that a batch may take, in s (120)."),
            "startup_timeout": ("integer", "The longest that loading may take, in s (120)."),
            "s3_sse_kms": ("boolean", "Whether the archive is encrypted by S3 SSE-KMS (false)."),
        },
        required=["url"],
    )


def _object(fields: dict[str, tuple[str, str]], required: list[str] | None = None) -> Json:
    return {
        "type": "object",
        "required": list(fields) if required is None else required,
        "properties": {name: {"type": kind, "description": text} for name, (kind, text) in fields.items()},
    }


def _warned(fields: dict[str, tuple[str, str]]) -> Json:
    answer = _object(fields)
    answer["properties"]["warnings"] = _WARNINGS
    return answer


def _model_list() -> Json:
    entry = _object(
        {
            "modelName": ("string", "The model."),
            "modelUrl": ("string", "The archive it came from, without the user and the query of a URL."),
        }
    )
    entry["properties"]["unloading"] = {
        "type": "boolean",
        "description": "Whether it is unregistered, and finishes what it has accepted.",
    }
    token = {"type": "string", "description": "Give this as next_page_token to get the next page."}
    models = {"type": "array", "items": entry, "description": "The models, sorted by name."}
    properties = {"nextPageToken": token, "models": models, "warnings": _WARNINGS}
    return {"type": "object", "required": ["models"], "properties": properties}


def _worker() -> Json:
    worker = _object(
        {
            "id": ("string", "The worker's number."),
            "startTime": ("string", "When it was started, in UTC."),
            "status": ("string", "READY, or UNLOADING while it cannot take requests."),
            "memoryUsage": ("integer", "Resident memory in bytes."),
            "pid": ("integer", "Its process id, 0 while there is none."),
            "gpu": ("boolean", "Whether it has a GPU."),
            "gpuUsage": ("string", "The GPU's use, N/A without one."),
        }
    )
    worker["properties"]["status"]["enum"] = ["READY", "UNLOADING"]
    return worker


# Of a model's description: name to type and meaning.
_MODEL_FIELDS = {
    "modelName": ("string", "The model."),
    "modelVersion": ("string", "Its version."),
    "modelUrl": ("string", "The archive it came from, without the user and the query of a URL."),
    "runtime": ("string", "What its workers run on."),
    "minWorkers": ("integer", "How many workers it keeps."),
    "maxWorkers": ("integer", "How many workers it may have."),
    "batchSize": ("integer", "The most requests in a batch."),
    "maxBatchDelay": ("integer", "The longest wait for a batch to fill, in ms."),
    "responseTimeout": ("integer", "The longest that a batch may take, in s."),
    "startupTimeout": ("integer", "The longest that loading may take, in s."),
    "maxRetryTimeoutInSec": ("integer", "How long a worker that dies is started again, in s."),
    "clientTimeoutInMills": ("integer", "How long a client waits, in ms; 0 is for ever."),
    "parallelType": ("string", "How one model is spread over several GPUs."),
    "parallelLevel": ("integer", "Over how many GPUs it is spread."),
    "deviceType": ("string", "cpu or gpu."),
    "continuousBatching": ("boolean", "Whether requests join a running batch."),
    "useJobTicket": ("boolean", "Whether requests are refused when no worker is idle."),
    "useVenv": ("boolean", "Whether its requirements are installed into a virtual environment."),
    "stateful": ("boolean", "Whether requests of one sequence go to one worker."),
    "sequenceMaxIdleMSec": ("integer", "How long a sequence may be idle, in ms."),
    "sequenceTimeoutMSec": ("integer", "How long a sequence may last, in ms."),
    "maxNumSequence": ("integer", "How many sequences may be open."),
    "maxSequenceJobQueueSize": ("integer", "How many requests of one sequence may wait."),
    "loadedAtStartup": ("boolean", "Whether it was loaded when the server started."),
    "customizedMetadata": ("object", "What the handler says of itself, with customized=true."),
}
_ALWAYS = ["modelName", "modelVersion", "modelUrl", "minWorkers", "maxWorkers", "batchSize", "maxBatchDelay"]


def _model() -> Json:
    model = _object(_MODEL_FIELDS, required=[*_ALWAYS, "workers", "jobQueueStatus"])
    devices = {"type": "array", "items": {"type": "integer"}, "description": "The GPUs it may use."}
    workers = {"type": "array", "items": reference("Worker"), "description": "Its workers."}
    unloading = _object(
        {
            "requestsInFlight": ("integer", "Requests that are not answered yet."),
            "secondsLeft": ("integer", "When those are ended that are not answered by then."),
        }
    )
    unloading["description"] = "There only where it is unregistered, and finishes what it has accepted."
    model["properties"]["unloading"] = unloading
    asleep = "There only where it has no workers for want of requests: the next one wakes it."
    model["properties"]["asleep"] = {"type": "boolean", "description": asleep}
    model["properties"]["autoscale"] = _autoscale()
    model["properties"] |= {"deviceIds": devices, "workers": workers, "jobQueueStatus": reference("JobQueueStatus")}
    return model


def _decision() -> Json:
    decision = _object(
        {
            "at": ("string", "When: RFC 3339, UTC."),
            "mode": ("string", "The mode then."),
            "direction": ("string", "up, down or hold."),
            "from": ("integer", "Workers that there were."),
            "to": ("integer", "Workers that there shall be."),
            "desired": ("integer", "Workers wanted, before bounds and steps."),
            "reason": ("string", "What decided it, in a word."),
            "bound": ("string", "What kept it from what was wanted, in a word."),
            "targetPerWorker": ("number", "Requests that a worker shall have at once, given or learnt."),
            "words": ("string", "All this in a sentence, with the numbers."),
        }
    )
    for name in ("bound", "targetPerWorker"):
        decision["properties"][name]["nullable"] = True
    return decision


def _autoscale() -> Json:
    autoscale = _object(
        {
            "mode": ("string", "advise or act."),
            "desired": ("integer", "Workers wanted, before bounds and steps."),
            "applied": ("integer", "Workers that it shall have now."),
            "signals": ("object", "Workers that each signal asks for, by its name."),
            "decisions": ("array", "The last fifty, the latest last."),
        }
    )
    autoscale["description"] = "What the autoscaler decides about it. There only where its mode is not off."
    autoscale["properties"]["desired"]["nullable"] = True
    autoscale["properties"]["signals"]["additionalProperties"] = {"type": "integer"}
    autoscale["properties"]["decisions"]["items"] = _decision()
    return autoscale
