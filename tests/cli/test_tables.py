"""Tables out of the management API's descriptions."""

import pytest
from rich.console import Console

from servescope.cli.client.scrape import parse, requests_by_class
from servescope.cli.red import Red
from servescope.cli.tables import (
    autoscaler_tables,
    console,
    missing_table,
    models_table,
    plain_table,
    queue_text,
    red_table,
    requests_table,
    trouble_rows,
    troubles_table,
    worker_state,
    workers_table,
)

MODEL = {
    "modelName": "digits",
    "modelVersion": "1.0",
    "minWorkers": 2,
    "maxWorkers": 4,
    "batchSize": 8,
    "maxBatchDelay": 5,
    "workers": [
        {"id": "9000", "startTime": "2026-11-24T00:00:00.000Z", "status": "READY", "memoryUsage": 104857600, "pid": 71,
         "gpu": False, "gpuUsage": "N/A"},
        {"id": "9001", "startTime": "2026-11-24T00:00:01.000Z", "status": "UNLOADING", "memoryUsage": 0, "pid": 0,
         "gpu": False, "gpuUsage": "N/A"},
    ],
    "jobQueueStatus": {"remainingCapacity": 97, "pendingRequests": 3},
}  # fmt: skip


@pytest.fixture
def shown():
    def show(table):
        console = Console(width=160, force_terminal=False)
        with console.capture() as capture:
            console.print(table)
        return capture.get()

    return show


@pytest.mark.parametrize("name", ["[/x]", "[b]", "[red]m[/red]"])
def test_a_title_is_no_markup(name, shown):
    """A model's name stands in some."""
    assert f"History of {name}: 3 hours" in shown(plain_table(f"History of {name}: 3 hours", "-" * 40))


def test_the_autoscaler_fits_eighty_columns_whole():
    """However long names and words are: nothing is cut off, and no name is markup."""
    decision = DECISION | {"words": "up from 1 to 3: " + "because " * 20}
    told = AUTOSCALE | {"decisions": [decision], "signals": {"latency_slo": 4, "queue": 2, "concurrency": 3, "gpu": 1}}
    model = MODEL | {"modelName": "[b]a-rather-long-name-of-a-model-of-somebody", "autoscale": told}
    state, decisions = [shown_of(table, 80) for table in autoscaler_tables([model], 50)]
    assert max(len(line) for line in (state + decisions).splitlines()) <= 80
    assert (decisions.count("because"), decisions.count("2026-11-24T00:00:00.000Z")) == (20, 1)
    assert "[b]" in state
    assert "[b]" in decisions


def test_a_decision_can_be_read_in_eighty_columns():
    """Its words are not folded within themselves, in the middle of a number least of all, where a name has some twenty signs."""
    words = "down from 2 to 1: 1 wanted by latency_slo 1, concurrency 0 (0.25 requests/s, 0.5 s allowed)"
    told = AUTOSCALE | {"decisions": [DECISION | {"mode": "advise", "words": words}]}
    decisions = shown_of(autoscaler_tables([MODEL | {"autoscale": told, "modelName": "a-model-with-a-name"}], 1)[1], 80)
    assert all(word in decisions for word in words.split())


def test_a_narrow_terminal_cuts_nothing(monkeypatch, capsys):
    """Its lines are as wide as 80 columns, which it breaks itself."""
    monkeypatch.setenv("COLUMNS", "40")
    console().print(workers_table([MODEL]), models_table([MODEL]))
    text = capsys.readouterr().out
    for part in ("digits", "2026-11-24T00:00:00.000Z", "UNLOADING", "3 / 100"):
        assert part in text


def shown_of(table, width):
    narrow = Console(width=width, force_terminal=False)
    with narrow.capture() as capture:
        narrow.print(table)
    return capture.get()


def test_a_model_shows_its_workers_and_its_queue(shown):
    """How many workers are ready, of how many, and how full the queue is."""
    text = shown(models_table([MODEL]))
    for part in ("digits", "1.0", "1 of 2", "2–4", "8", "3 / 100"):
        assert part in text


DECISION = {"at": "2026-11-24T00:00:00.000Z", "mode": "act", "direction": "up", "from": 1, "to": 3, "desired": 4, "reason":
            "latency_slo", "bound": "step", "words": "up from 1 to 3: because [so]"}  # fmt: skip
AUTOSCALE = {"mode": "act", "desired": 4, "applied": 3, "signals": {"latency_slo": 4}}


def test_what_the_autoscaler_decided(shown):
    """A row a model that is autoscaled, and one for each of its last decisions. No table where there is none."""
    assert autoscaler_tables([MODEL], 1) == []
    told = MODEL | {"autoscale": AUTOSCALE | {"decisions": [DECISION | {"words": "earlier", "to": 1}, DECISION]}}
    state, decisions = [shown(table) for table in autoscaler_tables([MODEL, told, told | {"modelVersion": "2.0"}], 1)]
    for part in ("digits 1.0", "digits 2.0", "act", "4", "3", "latency_slo 4"):
        assert part in state
    for part in ("digits 1.0", "digits 2.0", "up from 1 to 3: because [so]", "1 → 3"):
        assert part in decisions
    assert "earlier" not in decisions
    assert "earlier" in shown(autoscaler_tables([told], 2)[1])
    (fresh,) = autoscaler_tables([MODEL | {"autoscale": AUTOSCALE | {"desired": None, "decisions": []}}], 50)
    assert "–" in shown(fresh)


def test_workers_that_are_on_their_way_out_are_not_asked_for(shown):
    """They are listed until they have ended, and lack nowhere."""
    assert "1 of 1" in shown(models_table([MODEL | {"readiness": {"standing": "ready", "asked_for": 1}}]))


def test_a_worker_without_a_process_shows_dashes(shown):
    """A pid of 0 means none, and so does no memory."""
    first, second = [line for line in shown(workers_table([MODEL])).splitlines() if "digits 1.0" in line]
    assert "71" in first
    assert "100 MiB" in first
    assert "UNLOADING" in second
    assert "–" in second
    assert "MiB" not in second


def test_a_worker_on_a_node_shows_it(shown):
    """There is a column for that where any worker is on one, and none elsewhere."""
    here, there = MODEL["workers"]
    on_ray = [here | {"node": None, "host": None}, there | {"node": "0123456789ab", "host": "gpu-[b]-7"}]
    text = shown(workers_table([MODEL | {"workers": on_ray}]))
    assert "node" in text
    assert "0123456789ab gpu-[b]-7" in text
    assert "node" not in shown(workers_table([MODEL]))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"state": "starting"}, "starting"),
        ({"state": "ready", "busy_s": 0.0}, "ready"),
        ({"state": "busy", "busy_s": 0.4}, "busy"),
        ({"state": "busy", "busy_s": 480.2}, "busy for 480 s"),
        ({"state": "failed"}, "failed"),
        ({"state": "given_up"}, "given up"),
        ({"state": None, "busy_s": None}, "UNLOADING"),
        ({}, "UNLOADING"),
    ],
)
def test_a_workers_state(told, words):
    """As /metrics has it, with the seconds of a busy one; TorchServe's word where no more is known."""
    assert worker_state({"status": "UNLOADING"} | told).plain == words


def test_troubles_and_what_is_missing(shown):
    """Restarts by reason and the latest error, of models that had any; names and errors are no markup."""
    readiness = {"standing": "failed", "why": "KeyError: [bold]", "failed_loads": 2, "restarts": {"oom": 1, "exit": 3}}
    quiet = {"standing": "ready", "why": "", "failed_loads": 0, "restarts": {}}
    models = [MODEL | {"readiness": readiness}, MODEL | {"readiness": quiet}, MODEL | {"readiness": None}, MODEL]
    rows = trouble_rows(models)
    assert rows == [("digits 1.0", "3 exit, 1 oom", "KeyError: [bold]")]
    assert "KeyError: [bold]" in shown(troubles_table(rows))
    assert "failed" in shown(models_table(models))
    text = shown(missing_table([{"name": "[m]", "reason": "not_found", "error": "Model not found at: m.mar"}]))
    for part in ("[m]", "not_found", "Model not found at: m.mar"):
        assert part in text


def test_requests_are_summed_by_class(shown):
    """Those of the inference port, whatever their paths, without probes and what `status` itself asks; zero for those absent."""
    page = """
    servescope_http_requests_total{listener="inference",method="POST",path="/predictions/{model_name}",code="200"} 1200
    servescope_http_requests_total{listener="inference",method="PUT",path="/v1/chat/completions",code="201"} 34
    servescope_http_requests_total{listener="inference",method="POST",path="other",code="5xx"} 2
    servescope_http_requests_total{listener="inference",method="GET",path="/ping",code="200"} 99
    servescope_http_requests_total{listener="inference",method="GET",path="/readyz",code="503"} 99
    servescope_http_requests_total{listener="management",method="GET",path="/models",code="200"} 99
    servescope_http_requests_total{listener="metrics",method="GET",path="/metrics",code="200"} 99
    Requests2XX{Level="Host",Hostname="h",} 9999.0
    """
    counts = requests_by_class(parse(page))
    assert counts == {"2XX": 1234.0, "4XX": 0, "5XX": 2.0}
    assert "1,234" in shown(requests_table(counts))


LONG = "a-model-with-a-name-that-is-longer-than-most-of-them"
GPU = "gpuId::0 utilization.gpu::35 % utilization.memory::0 % memory.used::10240 MiB"
BUSY = {
    "id": "19000",
    "startTime": "2026-11-24T00:00:00.000Z",
    "status": "READY",
    "state": "busy",
    "memoryUsage": 12345 * 2**20,
    "pid": 1234567,
    "gpu": True,
    "gpuUsage": GPU,
}


@pytest.mark.parametrize("name", ["mm7", LONG, "[red]"])
@pytest.mark.parametrize("busy_s", [0.5, 480.2, 9999.0, 48_000.0])
def test_tables_fit_a_terminal(name, busy_s):
    """80 columns, with every number, state and time whole on its line, and names to the last sign, whatever that is."""
    model = {
        "modelName": name,
        "modelVersion": "1.0",
        "minWorkers": 10,
        "maxWorkers": 20,
        "batchSize": 65536,
        "maxBatchDelay": 100000,
        "workers": [BUSY | {"busy_s": busy_s}],
        "jobQueueStatus": {"remainingCapacity": 90000, "pendingRequests": 10000},
        "readiness": {"standing": "given_up", "asked_for": 10, "why": f"KeyError: {LONG}", "restarts": {"oom": 1}},
    }
    missing = [{"name": name, "reason": "load_failed", "error": f"Model not found at: {LONG * 3}"}]
    rows = [Red(name, 100450, 10000.4, 0, 12345.67, 21000.0, 12345.2)]
    tables = (models_table([model]), workers_table([model]), red_table(rows), missing_table(missing))
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(*tables, troubles_table(trouble_rows([model])))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    state = {0.5: "busy", 480.2: "busy for 480 s", 9999.0: "busy for 9,999 s", 48_000.0: "busy for 13 h"}[busy_s]
    whole = (BUSY["startTime"], "1234567", "12,345 MiB", "GPU 0: 35 %", "10,240 MiB", state, "10–20", "10000 / 100000")
    for part in (*whole, "given up", "12345.67 ms", "21000.00 ms", "load_failed", "1 oom"):
        assert part in text
    if len(name) < 20:
        assert text.count(name) == 5


def test_a_queue_that_is_not_described_shows_a_dash():
    """Neither 0 nor a crash for what the server did not say."""
    assert queue_text({}) == "–"


def test_durations_that_do_not_exist_show_dashes(shown):
    """A model without requests has no durations."""
    text = shown(red_table([Red("idle", 0, 0.0, 0, None, None, None), Red("busy", 450, 900.4, 0, 3.456, 21.0, 1.2)]))
    assert "3.46 ms" in text
    assert "21.00 ms" in text
    assert "900" in text
    assert next(line for line in text.splitlines() if "idle" in line).count("–") == 3
