"""Shares of few events alert nobody, in promtool: every alert on a share asks for a least number of what is bad."""

import pytest

from operate.alerts.scenario import LONG, PREDICTIONS, asked, model, of, requests, server
from operate.promtool import alerting_rules, counter, firing, gauge, given, needs_promtool, series, verdict

pytestmark = needs_promtool

# Every 15 s two good requests for sixteen minutes, as in 130 good ones and one error.
QUIET = (2, 65)


def one_by_one(count, steps=LONG, begin=70):
    """So many events, one at a scrape, after a while."""
    return [(0, begin), (1, count), (0, steps - begin - count)]


def objective(name, failed, slo="availability", target=0.999):
    """A model's judged requests: 130 good ones before what failed, and after it silence."""
    labels = {"job": "servescope", "instance": "a:8082", "model_name": name, "model_version": "1.0", "slo": slo}
    good = [QUIET, (0, 2 * LONG - 65)]
    return {
        series("servescope_slo_requests_total", labels): counter(QUIET, *one_by_one(failed, 2 * LONG - 65, 5)),
        series("servescope_slo_good_total", labels): counter(*good),
        series("servescope_slo_target_ratio", labels): gauge((target, 2 * LONG + 1)),
    }


def test_error_budgets(tmp_path):
    """Of 131 requests one that failed is 8 times what may fail; five page, three make a ticket, fewer nothing."""
    inputs = {}
    for failed in (1, 2, 3, 4, 5, 6):
        inputs |= objective(f"{failed} failed", failed)
        inputs |= objective(f"{failed} slow", failed, slo="latency")
    rules = [rule for rule in alerting_rules() if rule["labels"].get("window")]
    names = {"failed": "ServescopeAvailabilityBudgetBurns", "slow": "ServescopeLatencyBudgetBurns"}

    def at(minutes, *paces):
        """Days are means of means, and take a quarter of an hour to hear of it."""
        wanted = [
            (alert, severity, window, f"{count} {what}")
            for what, alert in names.items()
            for severity, window in paces
            for count in range(5 if severity == "page" else 3, 7)
        ]
        return firing(minutes * 60, ("severity", "window", "model_name"), wanted)

    six_hours, days = ("page", "6h"), (("ticket", "1d"), ("ticket", "3d"))
    expected = [at(17), at(19, ("page", "1h"), six_hours), at(35, six_hours, *days)]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def spread(count, every):
    """So many events, with so many steps from one to the next, again and again."""
    return [(0, 20), *[(1, 1), (0, every - 1)] * count, (0, LONG - 20 - count * every)]


def test_errors_and_refusals(tmp_path):
    """Of twenty requests in 5 minutes two that failed are 10 %, and no reason for a ticket, however long it goes on so."""
    inputs = {}
    for name, every in (("two in five minutes", 10), ("four in five minutes", 5), ("ten in five minutes", 2)):
        count = 90 // every
        inputs |= requests(name, [(1, LONG)], spread(count, every))
        refused = series("servescope_rejected_total", model(name, reason="queue_full"))
        inputs[refused] = counter(*spread(count, every))
    expected = [
        firing(18 * 60, ("severity", "model_name"), [
            ("ServescopeErrors", "ticket", "four in five minutes"),
            ("ServescopeErrors", "ticket", "ten in five minutes"),
            ("ServescopeManyErrors", "page", "ten in five minutes"),
            ("ServescopeRequestsRefused", "page", "ten in five minutes"),
        ]),
    ]  # fmt: skip
    wanted = ("ServescopeErrors", "ServescopeManyErrors", "ServescopeRequestsRefused")
    rules = [rule for topic in ("requests", "queues") for rule in of(topic) if rule["alert"] in wanted]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_clients_that_give_up(tmp_path):
    """More than 5 % and at least ten in 10 minutes, of 499 and 408 together; other codes of the clients' are none."""
    inputs = {
        **requests("leave", [(10, LONG)], [(0, 20), (1, 99)], code="499"),
        **requests("both", [(10, LONG)], [(0, 20), (0.5, 99)], code="499"),
        **requests("deadlines", [(10, LONG)], [(0, 20), (1, 99)], code="408"),
        **requests("few of many", [(100, LONG)], [(0, 20), (5, 99)], code="499"),
        **requests("nine of ten", [(0, LONG)], [(0, 20), (1, 9), (0, 90)], code="499"),
        **requests("ten", [(0, LONG)], [(0, 20), (1, 10), (0, 89)], code="499"),
        **requests("bad", [(0, LONG)], [(10, LONG)], code="400"),
        **requests("over", [(10, LONG)], [(0, 20), (5, 20), (0, 79)], code="499"),
        **requests("idle", [(0, LONG)], [(0, LONG)], code="499"),
    }
    own = model("both", transport="rest", route="predict", code="408")
    inputs[series("servescope_requests_total", own)] = counter((0, 20), (0.5, 99))
    rules = [rule for rule in of("requests") if rule["alert"] == "ServescopeClientsGiveUp"]
    lasting = ["leave", "both", "deadlines"]

    def at(minutes, names):
        return firing(
            minutes * 60, ("severity", "model_name"), [("ServescopeClientsGiveUp", "ticket", n) for n in names]
        )

    expected = [at(5, []), at(12, [*lasting, "ten", "over"]), at(24, lasting)]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_pods_that_are_replaced(tmp_path):
    """Each is there for three minutes, too few to be judged by, and another one after it: what they counted adds up."""
    inputs = {}
    for name, failed in (("ill", 1), ("well", 0)):
        for number in range(20):
            pod = f"_x{12 * number} " if number else ""
            labels = model(name, f"10.0.0.{number}:8082", slo="availability")
            inputs[series("servescope_slo_requests_total", labels)] = f"{pod}0+3x11 stale"
            inputs[series("servescope_slo_good_total", labels)] = f"{pod}0+{3 - failed}x11 stale"
            inputs[series("servescope_slo_target_ratio", labels)] = f"{pod}0.99x11 stale"
            began = series("process_start_time_seconds", server(f"10.0.0.{number}:8082"))
            inputs[began] = f"{pod}{180 * number}x11 stale"
    rules = [rule for rule in alerting_rules() if rule["labels"].get("window") in ("1h", "6h")]
    ill = ("ServescopeAvailabilityBudgetBurns", "page", "ill")
    expected = [firing(50 * 60, ("severity", "model_name", "window"), [(*ill, "1h"), (*ill, "6h")])]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


@pytest.mark.parametrize(
    "path",
    [
        PREDICTIONS, "/explanations/{model_name}", "/predictions/{model_name}/{version}", "/models/{model_name}/invoke",
        "/{model_name}/predict", "/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer", "/v1/chat/completions",
        "/invocations", "/wfpredict/{workflow_name}",
    ],
)  # fmt: skip
def test_unknown_models(tmp_path, path):
    """More than a tenth of the predictions, and ten of them; neither a handler's own 404 nor other paths, however many. What a
    workflow's nodes answered with 404 hides none.
    """
    handlers_own = series(
        "servescope_requests_total", model("m", "handler", transport="rest", route="predict", code="404")
    )
    nodes = series(
        "servescope_requests_total", model("w__n", "lacks", transport="workflow", route="predict", code="404")
    )
    inputs = {
        nodes: counter((10, LONG)),
        **asked("lacks", [(3, LONG)], [(10, LONG)], path),
        **asked("few of many", [(100, LONG)], [(9, LONG)], path),
        **asked("nine", [(0, LONG)], [(0, 20), (1, 9), (0, 91)], path),
        **asked("ten", [(0, LONG)], [(0, 20), (1, 10), (0, 90)], path),
        **asked("handler", [(3, LONG)], [(10, LONG)], path),
        handlers_own: counter((10, LONG)),
        **asked("other paths", [(3, LONG)], [(10, LONG)], "other"),
        # Whether a model is ready, and what it is, is asked of each every second.
        **asked("lacks", [(1000, LONG)], [(10, LONG)], "/v2/models/{model_name}/ready"),
        **asked("probes", [(3, LONG)], [(0, LONG)], path),
        **asked("probes", [(0, LONG)], [(100, LONG)], "/v1/models/{model_name}"),
        **asked("management", [(3, LONG)], [(10, LONG)], "/models/{model_name}", listener="management"),
        **asked("over", [(3, LONG)], [(10, 20), (0, 100)], path),
    }

    def at(minutes, names):
        return firing(minutes * 60, ("severity", "instance"), [("ServescopeUnknownModels", "page", n) for n in names])

    rules = [rule for rule in of("models") if rule["alert"] == "ServescopeUnknownModels"]
    expected = [at(1, []), at(4, ["lacks", "over"]), at(9, ["lacks", "over", "ten"]), at(29, ["lacks"])]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""


def test_missing_models(tmp_path):
    """Each model that the start was asked for, until it serves; a scrape that fails is no end of it."""
    inputs = {
        series("servescope_models_missing", server("a", model_name="nosuch", reason="not_found")): gauge((1, LONG)),
        series("servescope_models_missing", server("a", model_name="late", reason="download")): "1x20 stale",
        series("servescope_models_missing", server("b", model_name="bad", reason="load_failed")): " ".join(
            ["1 1 1 stale"] * (LONG // 4)
        ),
        series("servescope_models_missing", server("b", model_name="moment", reason="refused")): "1 stale",
    }

    def at(minutes, names):
        wanted = [("ServescopeModelsMissing", "page", name) for name in names]
        return firing(minutes * 60, ("severity", "model_name"), wanted)

    rules = [rule for rule in of("models") if rule["alert"] == "ServescopeModelsMissing"]
    expected = [at(0.5, []), at(4, ["nosuch", "late", "bad"]), at(20, ["nosuch", "bad"])]
    assert verdict(tmp_path, given("15s", inputs, expected), rules) == ""
