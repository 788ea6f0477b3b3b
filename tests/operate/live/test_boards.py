"""Every expression of every board has data in a real Prometheus that scrapes a live server, in either form."""

import pytest

from integration.server import wait_until
from metrics.collectors.nvml.stand_in import needs_gcc
from operate.grafana.reading import BOARDS, expressions, filled_in
from operate.live.waiting import wait_for_all
from operate.promtool import needs_promtool
from servescope.operate.promql import FORMS

pytestmark = pytest.mark.integration

# Lines of panels, or all lines of a panel, that have no data on some machines: the family whose series are then not there.
MAY_BE_EMPTY = {
    "Processors: utilization by this server | {{instance}} limit": "servescope_cgroup_cpu_limit_cores",
    "Processors: saturation | {{instance}}": "servescope_cgroup_cpu_throttled_seconds_total",
    "Memory: the cgroup | {{instance}} limit": "servescope_cgroup_memory_limit_bytes",
    "Memory: the cgroup | {{instance}} used": "servescope_cgroup_memory_bytes",
    "Workers by node | {{node}} {{host}}": "servescope_worker_node_info",
}


def every_line(form):
    """Every expression by its board and what it is called."""
    return {
        (uid, f"{title} | {target['legendFormat']}"): filled_in(target["expr"])
        for uid in BOARDS
        for title, target in expressions(form, uid)
    }


@needs_gcc
@needs_promtool
@pytest.mark.parametrize("form", FORMS)
def test_every_expression_has_data(live, form):
    """Under answers, errors of both sides, refusals and a worker that ends, but for the few of families that this machine has
    not; exemplars are found, too.
    """
    told = live.told[form]
    lines = every_line(form)
    assert len(lines) >= 130
    assert {line for _, line in lines} >= MAY_BE_EMPTY.keys()
    lacking = {line for line, family in MAY_BE_EMPTY.items() if live.server.metrics(family) is None}
    wait_for_all(told, {key: text for key, text in lines.items() if key[1] not in lacking}, live.busy)
    print("without data on this machine:", *lacking, sep="\n")
    (durations,) = [target["expr"] for _, target in expressions(form, "servescope-model") if target.get("exemplar")]
    query = {"query": filled_in(durations), "start": "0", "end": "9999999999"}
    found = wait_until(lambda: told.ask("query_exemplars", **query), "exemplars")
    assert all("request_id" in one["labels"] for series in found for one in series["exemplars"])
