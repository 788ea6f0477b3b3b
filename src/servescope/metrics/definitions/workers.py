"""Workers: how many, in which state, how busy, how big, and why they ended."""

from servescope.metrics.definitions.definition import Definition

RESTART_REASONS = ("exit", "signal", "oom", "timeout", "load_error", "node_lost")
WORKER_STATES = ("pending", "starting", "ready", "busy", "stopping", "failed", "asleep", "waking")

_MODEL = ("model_name", "model_version")
_WORKER = (*_MODEL, "worker")
_SCRAPED = "Read at scrape time."
_SAMPLED = "Read on the collectors' thread every metric_time_interval seconds."
_LOAD_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

WORKERS = (
    Definition(
        "servescope_workers", "gauge", "workers", (*_MODEL, "state"),
        f"Workers of the model by state ({', '.join(WORKER_STATES)}). pending are those that wait for a place on a Ray"
        " cluster; asleep are those that a request would start, as the model has none for want of requests; waking are those that"
        " one has started, until the first has loaded.", _SCRAPED,
    ),
    Definition(
        "servescope_workers_wanted", "gauge", "workers", _MODEL,
        "Workers that the model should have now: those that are there or on their way, retiring ones aside.", _SCRAPED,
    ),
    Definition(
        "servescope_workers_min", "gauge", "workers", _MODEL, "The fewest workers that were asked for.", _SCRAPED,
    ),
    Definition(
        "servescope_workers_max", "gauge", "workers", _MODEL, "The most workers that were asked for.", _SCRAPED,
    ),
    Definition(
        "servescope_worker_restarts_total", "counter", "restarts", (*_MODEL, "reason"),
        f"Ends of a worker that nobody asked for, by reason ({', '.join(RESTART_REASONS)}; oom is the kernel's or a"
        " MemoryError, node_lost that of a node of a Ray cluster).",
        "Counted when the worker is started again; where its node may be lost, when Ray has told, 35 seconds later at most.",
    ),
    Definition(
        "servescope_worker_load_seconds", "histogram", "seconds", _MODEL,
        "Time from the decision to start a worker until its model was loaded, less that in which it was pending.",
        "Observed once a load.", _LOAD_BUCKETS,
    ),
    Definition(
        "servescope_worker_busy_seconds_total", "counter", "seconds", _WORKER,
        "Time in which the worker had at least one batch in hand, the one under way included: its rate is the worker's"
        " utilization.", _SCRAPED,
    ),
    Definition(
        "servescope_worker_batch_seconds", "gauge", "seconds", _WORKER,
        "For how long the worker has been at the oldest batch that it has in hand, 0 when it is idle: the time that responseTimeout"
        " bounds, which counts from the batch's turn, and anew from each piece of a stream.", _SCRAPED,
    ),
    Definition(
        "servescope_worker_node_info", "gauge", "", (*_WORKER, "node", "host"),
        "1 for each worker that runs on a Ray cluster: its node, by the first 12 digits of Ray's id, and that machine's name. Join"
        " by it: `* on (model_name, model_version, worker) group_left (node) servescope_worker_node_info`.",
        "From the start of its process to its end.",
    ),
    Definition(
        "servescope_worker_memory_bytes", "gauge", "bytes", _WORKER,
        "Resident memory of the worker's process and its children, on whatever machine they are.", _SAMPLED,
    ),
    Definition(
        "servescope_worker_cpu_seconds_total", "counter", "seconds", _WORKER,
        "Processor time, user and system, of the worker's process and its children, restarts and polling for batches"
        " included.", _SAMPLED,
    ),
    Definition(
        "servescope_worker_polling_seconds_total", "counter", "seconds", _WORKER,
        "Processor time in which the worker looked for its next batch instead of sleeping (worker_busy_poll), restarts included:"
        " about as much of its processor time is no work.", _SCRAPED,
    ),
    Definition(
        "servescope_worker_gpu_memory_bytes", "gauge", "bytes", (*_WORKER, "device"),
        "GPU memory of the worker's processes on the device, as NVML says.", _SAMPLED,
    ),
)  # fmt: skip
