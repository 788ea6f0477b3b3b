"""TorchServe's families: names, label orders and units are those of its default metrics.yaml (contract, section C).

The help texts are this project's own and say what is measured, where, and when.
"""

from servescope.metrics.definitions.definition import Definition

_HOST = ("Level", "Hostname")
_GPU = ("Level", "DeviceId", "Hostname")
_TS_MODEL = ("model_name", "model_version", "hostname")
_HANDLER = ("ModelName", "Level", "Hostname")

_ANSWERED = "Counted when the first byte of the answer is handed to the transport."
_SAMPLED = "Read on the collectors' thread every metric_time_interval seconds."

TORCHSERVE = (
    Definition(
        "Requests2XX", "counter", "Count", _HOST, "Answers with a status from 200 to 299, on all three HTTP ports.", _ANSWERED,
    ),
    Definition(
        "Requests4XX", "counter", "Count", _HOST, "Answers with a status from 400 to 499, on all three HTTP ports.", _ANSWERED,
    ),
    Definition(
        "Requests5XX", "counter", "Count", _HOST, "Answers with a status neither 2xx nor 4xx, on all three HTTP ports.", _ANSWERED,
    ),
    Definition(
        "ts_inference_requests_total", "counter", "Count", _TS_MODEL,
        "Requests to a registered model, also those that are then rejected. model_version is the version in the URL, or"
        " default.", "Counted after the model was looked up and before the request is queued.",
    ),
    Definition(
        "ts_inference_latency_microseconds", "counter", "Microseconds", _TS_MODEL,
        "Time from a request's arrival to its handler's answer, queue included, summed over the requests that the"
        " handler answered over REST.", "Added when the answer comes back from the worker.",
    ),
    Definition(
        "ts_queue_latency_microseconds", "counter", "Microseconds", _TS_MODEL,
        "Time from a request's arrival until a worker is free for its batch, summed over the requests that the handler"
        " answered over REST.", "Added when the answer comes back from the worker.",
    ),
    Definition(
        "QueueTime", "gauge", "Milliseconds", _HOST,
        "Time that the request answered last, of whichever model, waited for a worker, in whole milliseconds.",
        "Set when its answer comes back.",
    ),
    Definition(
        "WorkerThreadTime", "gauge", "Milliseconds", _HOST,
        "Time that the front end itself spent on the last command to a worker, the wait for the worker's reply aside.",
        "Set when the reply has been handled.",
    ),
    Definition(
        "WorkerLoadTime", "gauge", "Milliseconds", ("WorkerName", "Level", "Hostname"),
        "Time from the decision to start a worker until its model was loaded.", "Set once a load.",
    ),
    Definition(
        "CPUUtilization", "gauge", "Percent", _HOST,
        "Share of all the host's processor time that was not idle since the last sample (the first sample: since boot).",
        _SAMPLED,
    ),
    Definition(
        "MemoryUsed", "gauge", "Megabytes", _HOST,
        "The host's memory that no process could get without swapping (total less available), in units of 1024² bytes.",
        _SAMPLED,
    ),
    Definition(
        "MemoryAvailable", "gauge", "Megabytes", _HOST,
        "The host's memory that processes could still get without swapping, in units of 1024² bytes.", _SAMPLED,
    ),
    Definition(
        "MemoryUtilization", "gauge", "Percent", _HOST, "Used share of the host's memory.", _SAMPLED,
    ),
    Definition(
        "DiskUsage", "gauge", "Gigabytes", _HOST,
        "Used space of the root file system, in units of 1024³ bytes.", _SAMPLED,
    ),
    Definition(
        "DiskUtilization", "gauge", "Percent", _HOST,
        "Used share of the root file system's space that unprivileged users can have.", _SAMPLED,
    ),
    Definition(
        "DiskAvailable", "gauge", "Gigabytes", _HOST,
        "Space of the root file system that unprivileged users can still fill, in units of 1024³ bytes.", _SAMPLED,
    ),
    Definition(
        "GPUMemoryUtilization", "gauge", "Percent", _GPU,
        "Used share of the GPU's memory, as NVML says, by whatever process.", _SAMPLED,
    ),
    Definition(
        "GPUMemoryUsed", "gauge", "Megabytes", _GPU,
        "Used memory of the GPU, as NVML says, by whatever process, in units of 1024² bytes.", _SAMPLED,
    ),
    Definition(
        "GPUUtilization", "gauge", "Percent", _GPU,
        "Share of NVML's own last sampling period in which a kernel ran on the GPU.", _SAMPLED,
    ),
    Definition(
        "HandlerTime", "gauge", "ms", _HANDLER,
        "Time of the last batch in a BaseHandler's handle method, measured in the worker.",
        "Read from the worker at each scrape, and at its end.",
    ),
    Definition(
        "PredictionTime", "gauge", "ms", _HANDLER,
        "Time of the last batch in the handler's entry point, measured in the worker around it.",
        "Set when the reply arrives, for batches that did not fail.",
    ),
)  # fmt: skip
