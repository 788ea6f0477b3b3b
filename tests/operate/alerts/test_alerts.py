"""Every alert that is not about error budgets, in promtool: it fires when it should, and stays silent when it should not."""

import pytest

from operate.alerts.scenario import LONG, disk, durations, model, of, promise, requests, server
from operate.promtool import (
    GONE,
    RESET,
    alerting_rules,
    counter,
    firing,
    gauge,
    given,
    needs_promtool,
    series,
    steady,
    verdict,
)
from servescope.operate.promql import FORMS

pytestmark = needs_promtool

PER_MINUTE = 4


def test_errors(tmp_path):
    """Shares of 5xx above and below both thresholds; 4xx; few requests; none; restarts; errors that are over; a model that
    goes.
    """
    minute = PER_MINUTE
    inputs = {
        **requests("fine", [(1000, LONG)], [(0, LONG)]),
        **requests("below", [(991, LONG)], [(9, LONG)]),
        **requests("above", [(989, LONG)], [(11, LONG)]),
        **requests("below page", [(902, LONG)], [(98, LONG)]),
        **requests("above page", [(897, LONG)], [(103, LONG)]),
        **requests("client", [(500, LONG)], [(500, LONG)], code="404"),
        **requests("few", [(0, LONG)], [(1 / 5, LONG)]),
        **requests("quiet", [(0, LONG)], [(0, LONG)]),
        **requests("restarted", [(1000, 40), RESET, (1000, 79)], [(5, 40), RESET, (5, 79)]),
        **requests("restarts failing", [(980, 40), RESET, (980, 79)], [(20, 40), RESET, (20, 79)]),
        **requests("over", [(980, 10 * minute), (1000, 80)], [(20, 10 * minute), (0, 80)]),
        **requests("unregistered", [(500, 10 * minute), GONE], [(500, 10 * minute), GONE]),
    }
    low, high = ("ServescopeErrors", "ticket"), ("ServescopeManyErrors", "page")
    lasting = [(*low, name) for name in ("above", "below page", "above page", "restarts failing")]
    lasting.append((*high, "above page"))
    early = [*lasting, (*low, "over"), (*low, "unregistered"), (*high, "unregistered")]
    by = ("severity", "model_name")
    expected = [firing(4 * 60, by, []), firing(9 * 60, by, early), firing(17 * 60, by, lasting)]
    rules = [rule for rule in of("requests") if rule["alert"] != "ServescopeSlow"]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_slow(tmp_path):
    """The 99th percentile above and below the model's own latency_ms; without one; with few requests; with none."""
    inputs = {
        **durations("slow", 0.5),
        **promise("slow"),
        **durations("in time", 0.25),
        **promise("in time"),
        **durations("promised more", 0.5),
        **promise("promised more", 0.6),
        **durations("promised nothing", 1),
        **durations("few", 1, each=0.2),
        **promise("few"),
        **durations("quiet", 1, each=0),
        **promise("quiet"),
        **durations("unregistered", 1, steps=LONG),
        series("servescope_slo_threshold_seconds", model("unregistered", slo="latency")): gauge((0.25, 60), GONE),
    }
    by = ("severity", "model_name")
    slow, gone = [("ServescopeSlow", "ticket", name) for name in ("slow", "unregistered")]
    expected = [firing(9 * 60, by, []), firing(12 * 60, by, [slow, gone]), firing(18 * 60, by, [slow])]
    rules = [rule for rule in of("requests") if rule["alert"] == "ServescopeSlow"]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_queues(tmp_path):
    """Queues that fill, stand still, refuse; and those that only nearly do, refuse for other reasons, or wait for a wake."""
    inputs = {}

    def queue(name, waiting, oldest=0.0, refused=0.0, reason="queue_full", each=100):
        labels = model(name)
        inputs[series("servescope_queue_depth", labels)] = waiting
        inputs[series("servescope_queue_capacity", labels)] = gauge((100, LONG))
        inputs[series("servescope_queue_oldest_seconds", labels)] = gauge((oldest, LONG))
        inputs[series("servescope_rejected_total", {**labels, "reason": reason})] = steady(refused, LONG)
        inputs.update(requests(name, [(each - refused, LONG)], [(refused, LONG)]))

    queue("filling", gauge((81, LONG)))
    queue("room", gauge((80, LONG)))
    queue("for a moment", gauge((10, 40), (100, 6), (10, 74)))
    queue("stalled", gauge((1, LONG)), oldest=31)
    queue("waiting", gauge((1, LONG)), oldest=29)
    queue("refusing", gauge((1, LONG)), refused=2)
    queue("refuses rarely", gauge((1, LONG)), refused=0.9)
    queue("no worker", gauge((0, LONG)), refused=100, reason="no_worker")
    queue("deadlines", gauge((0, LONG)), refused=50, reason="deadline")
    queue("draining", gauge((0, LONG)), refused=50, reason="draining")
    queue("few", gauge((0, LONG)), refused=0.2, each=0.2)
    queue("quiet", gauge((0, LONG)), each=0)
    queue("wakes", gauge((1, LONG)), oldest=60)
    queue("does not wake", gauge((1, LONG)), oldest=60)
    queue("wakes slowly", gauge((0, LONG)), refused=50, reason="asleep")
    for name, waking in (("wakes", (1, LONG)), ("does not wake", (0, LONG))):
        inputs[series("servescope_workers", model(name, state="waking"))] = gauge(waking)
    inputs[series("servescope_queue_depth", model("gone"))] = gauge((100, 20), GONE)
    inputs[series("servescope_queue_capacity", model("gone"))] = gauge((100, 20), GONE)
    lasting = [
        ("ServescopeQueueNearlyFull", "ticket", "filling"),
        ("ServescopeQueueStalled", "page", "stalled"),
        ("ServescopeQueueStalled", "page", "does not wake"),
        ("ServescopeRequestsRefused", "page", "refusing"),
        ("ServescopeRequestsRefused", "page", "no worker"),
    ]
    by = ("severity", "model_name")
    expected = [
        firing(45, by, []),
        firing(4 * 60 + 30, by, [*lasting, ("ServescopeQueueNearlyFull", "ticket", "gone")]),
        firing(11 * 60 + 15, by, lasting),
    ]
    assert verdict(tmp_path, given("15s", inputs, expected), of("queues")) == ""


def test_workers(tmp_path):
    """Workers that restart, lack, or are none; models scaled to none, restarting now and then, or gone."""
    inputs = {}

    def workers(name, ready=2.0, busy=0.0, least=2.0, restarts=((0, LONG),), until=LONG):
        labels = model(name)
        last = [] if until == LONG else [GONE]
        for state, count in (("ready", ready), ("busy", busy), ("failed", 1)):
            inputs[series("servescope_workers", {**labels, "state": state})] = gauge((count, until), *last)
        inputs[series("servescope_workers_min", labels)] = gauge((least, until), *last)
        inputs[series("servescope_workers_max", labels)] = gauge((4, until), *last)
        for reason in ("exit", "oom"):
            series_name = series("servescope_worker_restarts_total", {**labels, "reason": reason})
            inputs[series_name] = counter(*restarts) if reason == "exit" else counter((0, LONG))

    workers("fine")
    workers("busy", ready=0, busy=2)
    workers("none", ready=0)
    workers("one lacks", ready=1)
    workers("scaled to none", ready=0, least=0)
    workers("restarting", restarts=((0, 4), (1, 1), (0, 7), (1, 1), (0, 7), (1, 1), (0, 99)))
    workers("restarted twice", restarts=((0, 4), (1, 1), (0, 7), (1, 1), (0, 107)))
    # Five in half an hour, three of them never within fifteen minutes, and the server restarts in between.
    workers("now and then", restarts=((1, 1), (0, 35), (1, 1), (0, 20), RESET, (0, 20), (1, 1), (0, 41)))
    workers("unregistered", ready=0, restarts=((1, 8), (0, 112)), until=48)
    lacking, none = ("ServescopeWorkersMissing", "ticket"), ("ServescopeModelNotReady", "page")
    restarting = ("ServescopeWorkersRestart", "page")
    by = ("severity", "model_name")
    at_7 = [(*none, "none"), (*none, "unregistered"), (*restarting, "restarting"), (*restarting, "unregistered")]
    expected = [
        firing(90, by, [(*restarting, "unregistered")]),
        firing(7 * 60, by, at_7),
        firing(15 * 60 + 30, by, [(*none, "none"), (*restarting, "restarting"), (*lacking, "one lacks")]),
        firing(29 * 60, by, [(*none, "none"), (*lacking, "one lacks")]),
    ]
    assert verdict(tmp_path, given("15s", inputs, expected), of("workers")) == ""


def test_models_that_sleep(tmp_path):
    """They lack nothing, asleep or waking, however long; those that do not load, and those that are lacking awake, do."""
    inputs = {}

    def workers(name, least=2, **states):
        labels = model(name)
        for state in ("ready", "busy", "starting", "failed", "asleep", "waking"):
            inputs[series("servescope_workers", {**labels, "state": state})] = gauge(*states.get(state, [(0, LONG)]))
        inputs[series("servescope_workers_min", labels)] = gauge((least, LONG))
        inputs[series("servescope_workers_max", labels)] = gauge((4, LONG))

    workers("asleep", asleep=[(2, LONG)])
    workers("asleep alone", least=0, asleep=[(1, LONG)])
    workers("waking", waking=[(2, LONG)])
    workers(
        "to and fro",
        asleep=[(2, 20), (0, 50), (2, 50)],
        waking=[(0, 20), (2, 10), (0, 90)],
        ready=[(0, 30), (2, 40), (0, 50)],
    )
    workers("does not load", asleep=[(2, 8), (0, 112)], waking=[(0, 8), (2, 2), (0, 110)], failed=[(0, 10), (2, 110)])
    workers("lacks one", ready=[(1, LONG)])
    none, lacking = (
        ("ServescopeModelNotReady", "page", "does not load"),
        ("ServescopeWorkersMissing", "ticket", "lacks one"),
    )
    by = ("severity", "model_name")
    expected = [firing(4 * 60, by, []), firing(6 * 60, by, [none]), firing(29 * 60, by, [none, lacking])]
    assert verdict(tmp_path, given("15s", inputs, expected), of("workers")) == ""


def test_llm(tmp_path):
    """A KV cache that is full while the engine preempts; full alone, or preempting alone, is no reason."""
    inputs = {}

    def engine(name, taken, preempted, worker="W-9000"):
        labels = model(name, worker=worker)
        inputs[series("servescope_llm_kv_cache_usage_ratio", labels)] = gauge((taken, LONG))
        inputs[series("servescope_llm_preemptions_total", labels)] = counter(*preempted)

    engine("full", 0.95, [(1, LONG)])
    engine("one of two", 0.2, [(0, LONG)])
    engine("one of two", 0.91, [(1, LONG)], worker="W-9001")
    engine("well used", 0.99, [(0, LONG)])
    engine("at the edge", 0.9, [(1, LONG)])
    engine("restarted", 0.95, [(0, 30), RESET, (0, 89)])
    engine("no more", 0.95, [(1, 40), (0, 80)])
    by = ("severity", "model_name")
    full = [("ServescopeKvCacheFull", "ticket", name) for name in ("full", "one of two")]
    expected = [
        firing(4 * 60, by, []),
        firing(9 * 60, by, [*full, ("ServescopeKvCacheFull", "ticket", "no more")]),
        firing(17 * 60, by, full),
    ]
    assert verdict(tmp_path, given("15s", inputs, expected), of("llm")) == ""


def test_machines(tmp_path):
    """Memory and disk nearly full; of a container with a limit its own memory counts, and not the host's; GPUs."""
    host = {"Level": "Host", "Hostname": "h"}
    gib = 2**30
    inputs = {
        series("MemoryUtilization", server("full", **host)): gauge((91, LONG)),
        **disk("full", 0.905),
        series("MemoryUtilization", server("fine", **host)): gauge((89, LONG)),
        **disk("fine", 0.89),
        # The root file system is full, and the server writes nothing there.
        series("DiskUtilization", server("fine", **host)): gauge((99, LONG)),
        series("MemoryUtilization", server("small container", **host)): gauge((20, LONG)),
        series("servescope_cgroup_memory_bytes", server("small container", Hostname="h")): gauge((0.95 * gib, LONG)),
        series("servescope_cgroup_memory_limit_bytes", server("small container", Hostname="h")): gauge((gib, LONG)),
        series("MemoryUtilization", server("full host", **host)): gauge((97, LONG)),
        series("servescope_cgroup_memory_bytes", server("full host", Hostname="h")): gauge((0.5 * gib, LONG)),
        series("servescope_cgroup_memory_limit_bytes", server("full host", Hostname="h")): gauge((gib, LONG)),
        # Of several machines the fullest counts, whatever the cgroup of another says.
        series("MemoryUtilization", server("ray", Level="Host", Hostname="there")): gauge((95, LONG)),
        series("servescope_cgroup_memory_bytes", server("ray", Hostname="h")): gauge((0.5 * gib, LONG)),
        series("servescope_cgroup_memory_limit_bytes", server("ray", Hostname="h")): gauge((gib, LONG)),
        series("MemoryUtilization", server("for a moment", **host)): gauge((50, 40), (99, 16), (50, 64)),
    }
    for device, used in (("0", 0.92), ("1", 0.88)):
        labels = server("gpus", device=device, uuid=f"GPU-{device}", name="H100", Hostname="h")
        inputs[series("servescope_gpu_memory_used_bytes", labels)] = gauge((used * gib, LONG))
        inputs[series("servescope_gpu_memory_total_bytes", labels)] = gauge((gib, LONG))
    memory, filling = ("ServescopeMemoryNearlyFull", "page"), ("ServescopeDiskNearlyFull", "ticket")
    fills = [(*memory, "full"), (*memory, "ray"), (*memory, "small container")]
    late = [*fills, (*filling, "full"), ("ServescopeGpuMemoryNearlyFull", "ticket", "gpus")]
    by = ("severity", "instance")
    expected = [firing(4 * 60, by, []), firing(6 * 60, by, fills), firing(14 * 60 + 15, by, late)]
    assert verdict(tmp_path, given("15s", inputs, expected), [*of("host"), *of("gpu")]) == ""


def test_servers(tmp_path):
    """Targets down, and a job of somebody else's; front ends replaced, often and once; collectors that fail; series dropped and
    lines lost, once and again.
    """
    dropped, replaced = "servescope_series_dropped_total", "servescope_front_end_restarts_total"
    inputs = {
        series("up", server("up")): gauge((1, LONG)),
        series("up", server("down")): gauge((1, 4), (0, 116)),
        series("up", server("blinks")): gauge((1, 8), (0, 3), (1, 109)),
        series("up", {"job": "other", "instance": "x"}): gauge((0, LONG)),
        series("servescope_collector_success", server("up", collector="gpu")): gauge((0, LONG)),
        series("servescope_collector_success", server("up", collector="cpu")): gauge((1, LONG)),
        series("servescope_collector_success", server("blinks", collector="cpu")): gauge((1, 4), (0, 16), (1, 100)),
        series(replaced, server("up", reason="died")): counter((0, 16), (1, 2), (0, 102)),
        series(replaced, server("up", reason="hung")): counter((0, 16), (1, 1), (0, 103)),
        series(replaced, server("blinks", reason="died")): counter((0, 16), (1, 2), (0, 102)),
        series(dropped, server("up", family="hits")): counter((0, 8), (3, 1), (0, 111)),
        series(dropped, server("blinks", family="hits")): counter((0, 8), RESET, (0, 111)),
        series("servescope_log_lost_lines_total", server("up", log="stdout")): counter((0, 16), (5, 1), (0, 103)),
        series("servescope_log_lost_lines_total", server("up", log="ts_log")): counter((0, LONG)),
        series("servescope_log_lost_lines_total", server("blinks", log="stdout")): counter((0, 8), RESET, (0, 111)),
    }
    down, series_dropped = ("ServescopeTargetDown", "page", "down"), ("ServescopeSeriesDropped", "ticket", "up")
    failing, restarting = ("ServescopeCollectorFailing", "ticket", "up"), ("ServescopeFrontEndsRestart", "page", "up")
    losing = ("ServescopeLogLinesLost", "ticket", "up")
    by = ("severity", "instance")
    expected = [
        firing(60, by, []),
        firing(3 * 60, by, [down, series_dropped]),
        firing(6 * 60, by, [down, restarting, series_dropped, losing, failing]),
        firing(18 * 60, by, [down, restarting, losing, failing]),
        firing(21 * 60, by, [down, failing]),
    ]
    assert verdict(tmp_path, given("15s", inputs, expected), of("server")) == ""


def test_no_targets(tmp_path):
    """The job has had no target for five minutes, be there others of other jobs."""
    inputs = {
        series("up", server("a")): gauge((1, 20), GONE),
        series("up", {"job": "other", "instance": "x"}): gauge((1, LONG)),
    }
    by = ("severity", "job")
    gone = [("ServescopeNoTargets", "page", "servescope")]
    expected = [firing(4 * 60, by, []), firing(9 * 60, by, []), firing(11 * 60, by, gone)]
    assert verdict(tmp_path, given("15s", inputs, expected), of("server")) == ""


@pytest.mark.parametrize("form", FORMS)
def test_alerts_are_the_same_in_both_forms(form):
    """Histograms are read by recordings alone, so what is proved of an alert holds whichever form they read."""
    assert alerting_rules(form, bare=False) == alerting_rules("classic", bare=False)
