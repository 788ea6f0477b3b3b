"""The server's own health: what runs, what measuring costs, and what it had to leave out."""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, Definition

MISSING_REASONS = ("not_found", "refused", "download", "load_failed")

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
        "servescope_series_dropped_total", "counter", "updates", ("family",),
        "Updates whose label values became other (a code its class, as 5xx), or that were dropped, because the model had used"
        " up its series budget for values that clients and handlers choose; family is other where the metric itself was one"
        " too many.",
        "Counted on each such update; of metrics that are passed through, by the increase of such label values at a scrape.",
    ),
)  # fmt: skip
