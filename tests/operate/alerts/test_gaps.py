"""Alerts in promtool where series are not whole: scrapes that fail, counters that begin late, gauges that dip, servers that
restart, quantiles past the last bucket. Each fires all the same, and what is like it but in order stays silent.
"""

from operate.alerts.scenario import LONG, durations, model, of, promise, requests, server
from operate.promtool import counter, firing, gauge, given, needs_promtool, series, steady, verdict

pytestmark = needs_promtool

GIB = 2**30


def failing_scrapes(value):
    """A gauge of which each fourth scrape fails, at which Prometheus marks its end."""
    return " ".join(" ".join([f"{value:g}"] * 3 + ["stale"]) for _ in range(LONG // 4))


def test_what_waits_outlives_a_failed_scrape(tmp_path):
    """A gauge's end at a failed scrape neither begins `for` anew nor ends what fires."""
    gauges = {
        "servescope_workers_min": model("none"),
        "servescope_workers_max": model("none"),
        "servescope_queue_capacity": model("none"),
    }
    inputs = {series(name, labels): failing_scrapes(2) for name, labels in gauges.items()}
    inputs |= {
        series("servescope_queue_depth", model("none")): failing_scrapes(2),
        series("servescope_queue_oldest_seconds", model("none")): failing_scrapes(100),
        series("servescope_workers_min", model("lacks")): failing_scrapes(2),
        series("MemoryUtilization", server("a:8082", Level="Host", Hostname="h")): failing_scrapes(99),
        series("servescope_disk_used_bytes", server("a:8082", mount="/", directories="logs")): failing_scrapes(99),
        series("servescope_disk_available_bytes", server("a:8082", mount="/", directories="logs")): failing_scrapes(1),
        series("servescope_collector_success", server("a:8082", collector="gpu")): failing_scrapes(0),
        series("up", server("a:8082")): " ".join(["1 1 1 0"] * (LONG // 4)),
    }
    for state in ("ready", "busy"):
        inputs[series("servescope_workers", model("none", state=state))] = failing_scrapes(0)
        inputs[series("servescope_workers", model("lacks", state=state))] = failing_scrapes(0.5)
    gpu = server("a:8082", device="0", uuid="GPU-0", name="H100")
    inputs[series("servescope_gpu_memory_used_bytes", gpu)] = failing_scrapes(0.95 * GIB)
    inputs[series("servescope_gpu_memory_total_bytes", gpu)] = failing_scrapes(GIB)
    wanted = (
        "CollectorFailing DiskNearlyFull GpuMemoryNearlyFull MemoryNearlyFull ModelNotReady QueueNearlyFull QueueStalled"
        " ScrapesFail WorkersMissing"
    )
    alerts = [(f"Servescope{name}",) for name in wanted.split()]
    expected = [firing(at, (), alerts) for at in (1200, 1215, 1230, 1245)]
    rules = [rule for topic in ("server", "workers", "queues", "host", "gpu") for rule in of(topic)]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_a_promise_outlives_a_failed_scrape(tmp_path):
    """What the model promises is a gauge as well: without it neither its budget nor its latency_ms is known."""
    labels = model("slow", slo="latency")
    inputs = {
        **durations("slow", 0.5),
        series("servescope_slo_threshold_seconds", labels): failing_scrapes(0.25),
        series("servescope_slo_target_ratio", labels): failing_scrapes(0.99),
        series("servescope_slo_requests_total", labels): steady(100, LONG),
        series("servescope_slo_good_total", labels): steady(50, LONG),
    }
    wanted = [("ServescopeSlow",), ("ServescopeLatencyBudgetBurns",)]
    expected = [firing(at, (), wanted) for at in (1200, 1215, 1230, 1245)]
    burns = [rule for rule in of("slo") if rule["labels"]["window"] == "1h"]
    slow = [rule for rule in of("requests") if rule["alert"] == "ServescopeSlow"]
    assert verdict(tmp_path, given("15s", inputs, expected), [*burns, *slow]) == ""


def test_slow_past_the_last_bucket(tmp_path):
    """Where latency_ms is the last bound, a quantile above it reads as it; who promises it of nine in ten is not meant."""
    steps = [(100, LONG)]
    inputs = {
        **promise("slow", 60),
        **promise("in time", 60),
        **durations("nine in ten", 0.5),
        **promise("nine in ten"),
        series("servescope_slo_target_ratio", model("nine in ten", slo="latency")): gauge((0.9, LONG)),
        **durations("promised", 0.5),
        **promise("promised"),
        series("servescope_slo_target_ratio", model("promised", slo="latency")): gauge((0.99, LONG)),
    }
    for name, within in (("slow", 97), ("in time", 99.5)):
        inputs |= requests(name, steps, [(0, LONG)])
        for bound, share in (("30", 90), ("60", within), ("+Inf", 100)):
            labels = model(name, outcome="ok", le=bound)
            inputs[series("servescope_request_duration_seconds_bucket", labels)] = counter((share, LONG))
    rules = [rule for rule in of("requests") if rule["alert"] == "ServescopeSlow"]
    expected = [firing(1200, ("model_name",), [("ServescopeSlow", "slow"), ("ServescopeSlow", "promised")])]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_a_cache_that_preemptions_empty(tmp_path):
    """At every other scrape the engine has just made room."""
    inputs = {}
    for name, high, low in (("full", 0.99, 0.7), ("room", 0.85, 0.7)):
        labels = model(name, worker="W-9000")
        usage = " ".join([f"{high:g} {low:g}"] * (LONG // 2))
        inputs[series("servescope_llm_kv_cache_usage_ratio", labels)] = usage
        inputs[series("servescope_llm_preemptions_total", labels)] = steady(1, LONG)
    expected = [firing(at, ("model_name",), [("ServescopeKvCacheFull", "full")]) for at in (1200, 1215)]
    assert verdict(tmp_path, given("15s", inputs, expected), of("llm")) == ""


def test_a_family_whose_series_are_dropped_at_once(tmp_path):
    """Its series begins with all that was dropped and grows no more; of old ones, after a restart, and by a Prometheus that comes
    late to an old server, nothing is said.
    """
    dropped = "servescope_series_dropped_total"
    inputs = {
        series(dropped, server("late", family="hits")): f"_x60 7x{LONG}",
        series(dropped, server("old", family="hits")): f"7x{2 * LONG}",
        series(dropped, server("old, a scrape failed", family="hits")): f"7x119 stale 7x{LONG}",
    }
    inputs[series(dropped, server("old, is watched now", family="hits"))] = f"_x60 7x{2 * LONG}"
    inputs[series(dropped, server("young", family="hits"))] = f"_x60 7x{2 * LONG}"
    for instance in ("late", "old", "old, a scrape failed"):
        inputs[series("process_start_time_seconds", server(instance))] = f"-9000x{2 * LONG}"
    inputs[series("process_start_time_seconds", server("old, is watched now"))] = f"_x60 -9000x{2 * LONG}"
    inputs[series("process_start_time_seconds", server("young"))] = f"_x60 890x{2 * LONG}"
    late, young = ("ServescopeSeriesDropped", "late"), ("ServescopeSeriesDropped", "young")
    expected = [
        firing(14 * 60 + 45, ("instance",), []),
        firing(16 * 60, ("instance",), [late, young]),
        firing(31 * 60, ("instance",), []),
        firing(45 * 60, ("instance",), []),
    ]
    rules = [rule for rule in of("server") if rule["alert"] == "ServescopeSeriesDropped"]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_servers_that_come_and_go(tmp_path):
    """One that restarts again and again is up at most scrapes; one that answers two scrapes in three is never down for a
    minute; one that was down once, and one of somebody else's, are neither.
    """
    begun = "process_start_time_seconds"
    starts = " ".join(f"{start}x12 stale" for start in range(1000, 1010))
    inputs = {
        series(begun, server("restarts")): starts,
        series("up", server("restarts")): " ".join(["1x12 0"] * 10),
        series(begun, server("restarted")): f"1000x20 1001x{LONG}",
        series(begun, {"job": "other", "instance": "x"}): starts,
        series("up", server("blinks")): " ".join(["1 1 0"] * (2 * LONG // 3)),
        series("up", server("was down")): f"1x60 0x8 1x{2 * LONG}",
        series("up", server("down")): f"0x{2 * LONG}",
        # Scraped every two minutes: one scrape that fails, and two.
        series("up", server("failed once")): " ".join(f"{'0' if at == 5 else '1'} _x7" for at in range(2 * LONG // 8)),
        series("up", server("failed twice")): " ".join(
            f"{'0' if at in (5, 6) else '1'} _x7" for at in range(2 * LONG // 8)
        ),
    }
    down, blinks = ("ServescopeTargetDown", "page", "down"), ("ServescopeScrapesFail", "ticket", "blinks")
    restarts = ("ServescopeServerRestarts", "page", "restarts")
    by = ("severity", "instance")
    expected = [
        firing(5 * 60, by, [down]),
        firing(11 * 60 + 45, by, [down, restarts]),
        firing(13 * 60 + 30, by, [down, ("ServescopeTargetDown", "page", "failed twice"), restarts]),
        firing(16 * 60, by, [down, blinks, restarts]),
        firing(28 * 60, by, [down, blinks, restarts]),
        firing(50 * 60, by, [down, blinks]),
    ]
    assert verdict(tmp_path, given("15s", inputs, expected), of("server")) == ""
