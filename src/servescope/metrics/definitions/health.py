"""The server's own health: what runs, what measuring costs, and what it had to leave out."""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, Definition

MISSING_REASONS = ("not_found", "refused", "download", "load_failed")
# Why an update is dropped, or folded into `other`, and what that means.
DROP_REASONS = {
    "series_budget": "the label values became other (a code its class, as 5xx), or a gauge was left out, as the model had used up"
    " its series budget for values that clients and handlers choose",
    "metric_budget": "the model had used up its budget of metrics",
    "name": "the name, or its type, is another metric's",
    "dimensions": "the dimensions are not the metric's",
    "unit": "the unit cannot be converted into the metric's",
    "value": "the metric cannot take such a value",
    "room": "the worker had no room for more",
}

HEALTH = (
    Definition(
        "servescope_build_info", "gauge", "", ("version", "python"),
        "Always 1; the labels say which Servescope and which Python run.", "Set at the start.",
    ),
    Definition(
        "servescope_model_info", "gauge", "",
        ("model_name", "model_version", "handler", "runtime", "batch_size", "max_batch_delay_ms", "device"),
        "Always 1; the labels say how the model is served.", "Set at registration.",
    ),
    Definition(
        "servescope_models_missing", "gauge", "", ("model_name", "reason"),
        "Always 1, for each model that the start was asked to load and that is not served; model_name is the name that was"
        f" given, else the file's without its ending; reason is one of {', '.join(MISSING_REASONS)}.",
        "Set when the load fails; gone once the model serves.",
    ),
    Definition(
        "servescope_snapshots_total", "counter", "snapshots", ("outcome",),
        "Snapshots of settings and models, from which the next start goes on: written, or failed, when what was changed since the"
        " last one would be lost with the server. None without snapshots (--ncs).",
        "Counted at the start, after each change by the management API, and at the end.",
    ),
    Definition(
        "servescope_log_lost_lines_total", "counter", "lines", ("log",),
        "Lines of logs that were not written, as their file could not be, or its reader was gone, or as a terminal or a pipe took"
        " nothing while 64 MiB waited for it. log is a file's name without its ending; or stdout or stderr, for all that is written"
        " there; or a handler of --log-config with a terminal or a pipe of its own.",
        "Counted when they are lost, and read at scrape time.",
    ),
    Definition(
        "servescope_collector_success", "gauge", "", ("collector",),
        "1 where the collector's last run worked, 0 where it failed; a failed collector's own series are absent.",
        "Set after each run.",
    ),
    Definition(
        "servescope_collector_duration_seconds", "gauge", "seconds", ("collector",),
        "Wall-clock time of the collector's last run, on the collectors' thread.", "Set after each run.",
    ),
    Definition(
        "servescope_scrape_duration_seconds", "histogram", "seconds", (),
        "Time from a scrape's request to the last byte of its answer, pauses for other requests included.",
        "Observed after each scrape, so a scrape shows those before it.", DURATION_BUCKETS,
    ),
    Definition(
        "servescope_series", "gauge", "series", ("family",), "Samples that the family shows.", "Counted at scrape time.",
    ),
    Definition(
        "servescope_series_dropped_total", "counter", "updates", ("family", "reason", "model_name"),
        "Updates of a metric that were not shown as they came, by the family that they were meant for and the reason: "
        + "; ".join(f"{reason}: {text}" for reason, text in DROP_REASONS.items())
        + ". model_name: the model that caused it, if one did. Of each reason there is a series without family and model at 0"
        " from the start; family is other where there are too many to name.",
        "Counted on each such update; of metrics that are passed through, by the increase of such series at a scrape.",
    ),
)  # fmt: skip
