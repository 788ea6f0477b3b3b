"""Every metric family that the server itself writes: the single source of names, types, units, labels and help.

Nothing flows in. Out: `DEFINITIONS`, read by `registry` (what exists), `exposition` (HELP and TYPE lines),
`reference` (docs/metrics.md) and `servescope metrics list`. Names, label orders and units of TorchServe's families
are those of its default metrics.yaml (contract, section C); the help texts are this project's own and say what is
measured, where, and when.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

# simpleclient's default buckets, which TorchServe's histograms have.
DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# This project's own for durations, in seconds.
DURATION_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REJECTION_REASONS = ("queue_full", "no_worker", "deadline", "too_large", "draining")
RESTART_REASONS = ("exit", "signal", "oom", "timeout", "load_error")
WORKER_STATES = ("starting", "ready", "busy", "stopping", "failed")


@dataclass(frozen=True, slots=True)
class Definition:
    """One family. `buckets` are a histogram's upper bounds in `unit`, ascending, without +Inf; () for other kinds."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def sample_names(self) -> tuple[str, ...]:
        """The names of its samples, which `name[]` filters on."""
        if self.kind == "histogram":
            return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
        return (self.name,)


_HOST = ("Level", "Hostname")
_GPU = ("Level", "DeviceId", "Hostname")
_TS_MODEL = ("model_name", "model_version", "hostname")
_HANDLER = ("ModelName", "Level", "Hostname")
_MODEL = ("model_name", "model_version")

_ANSWERS = "counted when the first byte of the answer is handed to the transport, on all three HTTP ports"
_SAMPLED = "read on the collectors' thread every metric_time_interval seconds"

TORCHSERVE = (
    Definition("Requests2XX", "counter", "Count", _HOST, f"Answers with a status from 200 to 299, {_ANSWERS}."),
    Definition("Requests4XX", "counter", "Count", _HOST, f"Answers with a status from 400 to 499, {_ANSWERS}."),
    Definition("Requests5XX", "counter", "Count", _HOST, f"Answers with a status neither 2xx nor 4xx, {_ANSWERS}."),
    Definition(
        "ts_inference_requests_total", "counter", "Count", _TS_MODEL,
        "Requests to a registered model, counted after the model was looked up and before it is queued, so also those"
        " that are then rejected. model_version is the version in the URL, or default.",
    ),
    Definition(
        "ts_inference_latency_microseconds", "counter", "Microseconds", _TS_MODEL,
        "Time from a request's arrival to its handler's answer, queue included, summed over the requests that the"
        " handler answered over REST; added when the answer comes back from the worker.",
    ),
    Definition(
        "ts_queue_latency_microseconds", "counter", "Microseconds", _TS_MODEL,
        "Time from a request's arrival until its batch is sent to a worker, summed over the requests that the handler"
        " answered over REST; added when the answer comes back from the worker.",
    ),
    Definition(
        "QueueTime", "gauge", "Milliseconds", _HOST,
        "Time that the request answered last, of whichever model, waited for a worker, in whole milliseconds; set"
        " when its answer comes back.",
    ),
    Definition(
        "WorkerThreadTime", "gauge", "Milliseconds", _HOST,
        "Time that the front end itself spent on the last command to a worker, the wait for the worker's reply aside;"
        " set when the reply has been handled.",
    ),
    Definition(
        "WorkerLoadTime", "gauge", "Milliseconds", ("WorkerName", "Level", "Hostname"),
        "Time from the decision to start a worker until its model was loaded; set once a load.",
    ),
    Definition(
        "CPUUtilization", "gauge", "Percent", _HOST,
        "Share of all the host's processor time that was not idle since the last sample (the first sample: since"
        f" boot); {_SAMPLED}.",
    ),
    Definition(
        "MemoryUsed", "gauge", "Megabytes", _HOST,
        f"The host's memory that no process could get without swapping (total less available), in units of 1024² bytes;"
        f" {_SAMPLED}.",
    ),
    Definition(
        "MemoryAvailable", "gauge", "Megabytes", _HOST,
        f"The host's memory that processes could still get without swapping, in units of 1024² bytes; {_SAMPLED}.",
    ),
    Definition(
        "MemoryUtilization", "gauge", "Percent", _HOST, f"Used share of the host's memory; {_SAMPLED}.",
    ),
    Definition(
        "DiskUsage", "gauge", "Gigabytes", _HOST,
        f"Used space of the root file system, in units of 1024³ bytes; {_SAMPLED}.",
    ),
    Definition(
        "DiskUtilization", "gauge", "Percent", _HOST,
        f"Used share of the root file system's space that unprivileged users can have; {_SAMPLED}.",
    ),
    Definition(
        "DiskAvailable", "gauge", "Gigabytes", _HOST,
        f"Space of the root file system that unprivileged users can still fill, in units of 1024³ bytes; {_SAMPLED}.",
    ),
    Definition(
        "GPUMemoryUtilization", "gauge", "Percent", _GPU,
        f"Used share of the GPU's memory, as NVML says, by whatever process; {_SAMPLED}.",
    ),
    Definition(
        "GPUMemoryUsed", "gauge", "Megabytes", _GPU,
        f"Used memory of the GPU, as NVML says, by whatever process, in units of 1024² bytes; {_SAMPLED}.",
    ),
    Definition(
        "GPUUtilization", "gauge", "Percent", _GPU,
        f"Share of NVML's own last sampling period in which a kernel ran on the GPU; {_SAMPLED}.",
    ),
    Definition(
        "HandlerTime", "gauge", "ms", _HANDLER,
        "Time of the last batch in a BaseHandler's handle method, measured in the worker; set when its reply arrives.",
    ),
    Definition(
        "PredictionTime", "gauge", "ms", _HANDLER,
        "Time of the last batch in the handler's entry point, measured in the worker around it; set when the reply"
        " arrives, for batches that did not fail.",
    ),
)  # fmt: skip

OWN = (
    Definition(
        "servescope_build_info", "gauge", "", ("version", "python"),
        "Always 1; the labels say which Servescope and which Python run. Set at the start.",
    ),
    Definition(
        "servescope_queue_depth", "gauge", "requests", _MODEL,
        "Requests that wait in the model's queue for a worker, read at scrape time.",
    ),
    Definition(
        "servescope_queue_capacity", "gauge", "requests", _MODEL,
        "Requests that may wait in the model's queue before others are rejected; set at registration.",
    ),
    Definition(
        "servescope_rejected_total", "counter", "requests", (*_MODEL, "reason"),
        f"Requests refused without an answer of the handler, by reason ({', '.join(REJECTION_REASONS)}), counted on"
        " refusal.",
    ),
    Definition(
        "servescope_workers", "gauge", "workers", (*_MODEL, "state"),
        f"Workers of the model by state ({', '.join(WORKER_STATES)}), read at scrape time.",
    ),
    Definition(
        "servescope_worker_restarts_total", "counter", "restarts", (*_MODEL, "reason"),
        f"Ends of a worker that nobody asked for, by reason ({', '.join(RESTART_REASONS)}; oom is the kernel's or a"
        " MemoryError), counted when the supervisor notices.",
    ),
    Definition(
        "servescope_collector_success", "gauge", "", ("collector",),
        "1 where the collector's last run worked, 0 where it failed; a failed collector's own series are absent. Set"
        " after each run.",
    ),
    Definition(
        "servescope_collector_duration_seconds", "gauge", "seconds", ("collector",),
        "Wall-clock time of the collector's last run, on the collectors' thread; set after each run.",
    ),
    Definition(
        "servescope_scrape_duration_seconds", "histogram", "seconds", (),
        "Time from a scrape's request to the last byte of its answer, pauses for other requests included; observed"
        " after each scrape, so a scrape shows those before it.", DURATION_BUCKETS,
    ),
    Definition(
        "servescope_series", "gauge", "series", ("family",), "Samples that the family shows, counted at scrape time.",
    ),
    Definition(
        "servescope_series_dropped_total", "counter", "updates", ("family",),
        "Updates of a handler's metric whose label values became `other`, or that were dropped, because the model had"
        " used up its series budget; family is `other` where the metric itself was one too many.",
    ),
)  # fmt: skip

DEFINITIONS = TORCHSERVE + OWN
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
