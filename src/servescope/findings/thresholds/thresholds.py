"""Everything about the rules that an operator may set, with its defaults. Read from a file by `file`; used by the rules.

What a model promises is not here: that is `slo:` in its model-config.yaml, which the server publishes, so one rule serves every
model.
"""

from dataclasses import dataclass

from servescope.findings.thresholds.values import count, duration, factor, job, link, ratio, seconds, server_url


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """What alerts compare with; the defaults are this project's. Units are in the names and in the file's comments."""

    job: str = job("servescope", "The job under which Prometheus scrapes the servers.")
    runbook_url: str = link(
        "http://{instance}/runbook", "Where the runbook can be read; every alert links to its section there. {instance} is the"
        " metrics address of the server that the alert is about, or of the first server where it is about no single one.",
    )  # fmt: skip
    grafana_url: str = server_url(
        "",
        "Where Grafana has the boards, such as https://grafana.example.org; every alert then has a link to its board.",
    )

    minimum_requests: int = count(
        20, "Requests in 5 minutes below which a model's error and refusal ratios alert nobody."
    )
    minimum_failed_page: int = count(
        5, "Requests that failed below which nobody is paged for a share of them: neither of 5xx, nor of refusals, nor for an"
        " error budget. They are counted as requests are.",
    )  # fmt: skip
    minimum_failed_ticket: int = count(3, "The same for tickets.")
    error_ratio_ticket: float = ratio(0.01, "Share of 5xx over 5 minutes above which there is a ticket.")
    error_ratio_page: float = ratio(0.1, "Share of 5xx over 5 minutes above which somebody is paged.")
    errors_for: str = duration("5m", "How long it has to be so.")
    latency_for: str = duration("10m", "How long the 99th percentile has to be above the model's latency_ms.")
    rejected_ratio: float = ratio(
        0.01, "Share of requests that are refused for want of room above which somebody is paged."
    )
    rejected_for: str = duration("2m", "How long it has to be so.")

    give_up_ratio: float = ratio(
        0.05, "Share of requests whose client hung up (499) or whose deadline passed (408) over 10 minutes above which there is a"
        " ticket.",
    )  # fmt: skip
    give_up_minimum: int = count(10, "Such requests in 10 minutes below which there is none.")

    slo_minimum_requests: int = count(
        100, "Requests below which no error budget is said to burn: in the last hour for the 1h and 5m windows, in the"
        " last six for all longer ones.",
    )  # fmt: skip
    burn_rate_1h: float = factor(14.4, "Burn rate over 1h and 5m that pages: 2 % of a 30 days' budget in an hour.")
    burn_rate_6h: float = factor(6, "Burn rate over 6h and 30m that pages: 5 % of the budget in six hours.")
    burn_rate_1d: float = factor(3, "Burn rate over 1d and 2h that makes a ticket: 10 % of the budget in a day.")
    burn_rate_3d: float = factor(1, "Burn rate over 3d and 6h that makes a ticket: 10 % of the budget in three days.")
    total_failure_ratio: float = ratio(
        0.95, "Share of requests that miss an objective above which it alerts however low its target is: a target below"
        " 93 % could not burn at 14.4 even if every request failed.",
    )  # fmt: skip

    queue_fill_ratio: float = ratio(0.8, "Share of a model's queue that is taken above which there is a ticket.")
    queue_fill_for: str = duration("2m", "How long it has to be so.")
    queue_stalled_seconds: float = seconds(30, "Age of the oldest waiting request above which somebody is paged.")
    queue_stalled_for: str = duration("1m", "How long it has to be so.")

    stuck_seconds: float = seconds(
        120,
        "Seconds without an answer, while all workers are busy and requests come or wait, after which somebody is paged.",
    )
    stuck_times_normal: float = factor(
        3, "Or so many times as long as the model's slowest hundredth took over the last day, where that is longer."
    )
    worker_restarts: int = count(3, "Restarts of a model's workers on one server within 15 minutes that page.")
    model_not_ready_for: str = duration("2m", "How long a model that should have workers may have none that can work.")
    workers_missing_for: str = duration(
        "10m", "How long a model may have fewer workers that can work than its minimum."
    )

    autoscaler_at_maximum_for: str = duration(
        "5m",
        "How long a model may have its maxWorkers and need more, before there is a ticket.",
    )
    autoscaler_stale_seconds: float = seconds(
        60, "Seconds without the numbers that the autoscaler decides by, above which there is a ticket."
    )
    autoscaler_stale_for: str = duration("1m", "How long it has to be so.")
    autoscaler_workers_for: str = duration(
        "5m", "How long workers that the autoscaler wants may not come, for want of room or because they do not load."
    )

    models_missing_for: str = duration("1m", "How long a model that the start was asked for may be missing.")
    unknown_models_ratio: float = ratio(
        0.1,
        "Share of predictions over 10 minutes that are for models which a server has not, above which somebody is paged.",
    )
    unknown_models_minimum: int = count(10, "Such predictions in 10 minutes below which nobody is.")
    unknown_models_for: str = duration("1m", "How long it has to be so.")

    kv_cache_ratio: float = ratio(0.9, "Share of an engine's KV cache that is taken, while it preempts requests.")
    kv_cache_for: str = duration("5m", "How long it has to be so.")
    gpu_memory_ratio: float = ratio(
        0.9, "Share of a GPU's memory that is taken. Engines such as vLLM take 0.9 at once on purpose: raise it there."
    )
    gpu_memory_for: str = duration("10m", "How long it has to be so.")

    memory_ratio: float = ratio(0.9, "Share of the cgroup's memory limit, or of the host's memory where it has none.")
    memory_for: str = duration("5m", "How long it has to be so.")
    disk_ratio: float = ratio(
        0.9, "Share of a file system with the model store, logs or temporary files that is taken."
    )
    disk_for: str = duration("10m", "How long it has to be so.")

    collector_failing_for: str = duration("5m", "How long a collector may fail.")
    target_down_for: str = duration("1m", "How long a server may leave Prometheus' scrapes unanswered.")
    scrapes_ratio: float = ratio(0.9, "Share of a server's scrapes in 15 minutes below which there is a ticket.")
    scrapes_for: str = duration("15m", "How long it has to be so.")
    server_restarts: int = count(3, "Starts of a server within 15 minutes, after the first, that page.")
    front_end_restarts: int = count(3, "Replacements of one server's front ends within 15 minutes that page.")
    targets_absent_for: str = duration("5m", "How long Prometheus may know of no server at all.")
