"""Rows about the front end and about measuring itself: in, the form of the histograms; out, rows that `hosts` has."""

from servescope.operate.grafana.narrowed import RATE, RECENT, hosts, recorded_hosts
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.promql import Form, max_by, min_by, quantile, rate, sum_by, sum_gained, topk, unlike

_HOST = "{{instance}}"


def rows(form: Form) -> tuple[Row, ...]:
    """The front end, then what measuring costs and leaves out."""
    return (_front_end(form), _measuring(form))


def _front_end(form: Form) -> Row:
    lag = hosts("servescope_event_loop_lag_seconds")
    refused = hosts("servescope_http_requests_total", unlike("code", "2.."))
    return Row("Front end", (
        Panel("Front end: saturation", "Event loop lag: how late the front end runs its timers: half of the time, and one time in a"
              " hundred. Above some 10 ms everything is late, whatever the workers do.", "s", (
                  Query(quantile(0.5, lag, RATE, ("instance",), form), f"{_HOST} p50"),
                  Query(recorded_hosts(form, "instance:servescope_event_loop_lag_seconds:p99_5m").now, f"{_HOST} p99"),
              ), steps=(Step(0.01, "orange"), Step(0.1, "red"))),
        Panel("Front end: all that was asked", "Requests a second on the three ports, by route: also what reaches no"
              " model.", "reqps", (Query(sum_by(rate(hosts("servescope_http_requests_total"), RATE), "listener", "method", "path"),
                     "{{listener}} {{method}} {{path}}"),), kind="stacked"),
        Panel("Front end: errors", "Answers other than 2xx a second, by route and code. 404 at other is what asks"
              " for paths that there are not.", "reqps",
              (Query(sum_by(rate(refused, RATE), "listener", "path", "code"), "{{code}} {{listener}} {{path}}"),)),
        Panel("Front ends: replaced", "With front_ends of 2 or more: front ends replaced in the last 5 minutes, by reason."
              " died: its process ended; hung: its loop stood still.", "short",
              (Query(sum_gained(hosts("servescope_front_end_restarts_total"), RECENT, "instance", "reason"),
                     f"{_HOST} {{{{reason}}}}"),), width=12),
        Panel("Front ends: requests lost", "Requests that such a front end had in hand, in the last 5 minutes. They count with"
              " code 502.", "short",
              (Query(sum_gained(hosts("servescope_front_end_lost_requests_total"), RECENT, "instance", "reason"),
                     f"{_HOST} {{{{reason}}}}"),), width=12),
        Panel("Up", "1 while Prometheus' scrapes are answered. A gap in all lines and a 0 here is a server that is gone.",
              "short", (Query(min_by(hosts("up").now, "job", "instance"), f"{{{{job}}}} {_HOST}"),), top=1, width=12),
        Panel("Running since", "When each front end's process started: a step is a restart.", "dateTimeFromNow",
              (Query(max_by(hosts("process_start_time_seconds").now * 1000, "instance"), _HOST),), kind="stat", width=12),
    ))  # fmt: skip


def _measuring(form: Form) -> Row:
    scrape = hosts("servescope_scrape_duration_seconds")
    return Row("What measuring costs and leaves out", (
        Panel("Measuring: scrapes", "Time from a scrape's request to the last byte of its answer, one in a hundred. Pauses for"
              " other requests are in it, so it grows while the server is busy.", "s",
              (Query(quantile(0.99, scrape, RATE, ("instance",), form), _HOST),), width=6),
        Panel("Measuring: collectors", "Time of each collector's last run, on a thread of its own.", "s",
              (Query(max_by(hosts("servescope_collector_duration_seconds").now, "collector"), "{{collector}}"),), width=6),
        Panel("Measuring: failing collectors", "1 where a collector's last run worked, 0 where it failed: its series are missing"
              " then, and alerts on them are blind.", "short",
              (Query(min_by(hosts("servescope_collector_success").now, "instance", "collector"),
                     f"{_HOST} {{{{collector}}}}"),), top=1, width=6),
        Panel("Measuring: series", "The ten families with the most samples, of the server that has most.", "short",
              (Query(topk(10, max_by(hosts("servescope_series").now, "family")), "{{family}}"),), width=6),
        Panel("Measuring: folded or dropped", "Updates since the server's start whose label values became other (sums stay"
              " true, the split by label does not), or that were left out. The label reason says why.", "short",
              (Query(sum_by(hosts("servescope_series_dropped_total").now, "instance", "family"),
                     f"{_HOST} {{{{family}}}}"),), width=12, steps=(Step(1, "red"),)),
        Panel("Log lines lost", "Lines in the last 5 minutes that were not written: their disk was full, or nobody read what the"
              " server prints.", "short",
              (Query(sum_gained(hosts("servescope_log_lost_lines_total"), RECENT, "instance", "log"),
                     f"{_HOST} {{{{log}}}}"),), width=12, steps=(Step(1, "red"),)),
        Panel("Front end: garbage that stays", "Objects in the last 5 minutes that Python's collector could not free. Anything"
              " above 0 is a leak in the front end.", "short",
              (Query(sum_gained(hosts("python_gc_objects_uncollectable_total"), RECENT, "instance"), _HOST),), width=12),
    ))  # fmt: skip
