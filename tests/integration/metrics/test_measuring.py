"""What handlers measure, with real workers: it shows while they work, and nothing of it is lost when they end, however they end."""

import re
import time

import psutil
import pytest

from integration.net_server import log, obey, serving
from integration.server import wait_until

pytestmark = pytest.mark.integration

# Does what the body says; a thread measures all the time.
MEASURES = """
import itertools, multiprocessing, os, pathlib, signal, sys, threading, time
from ts.handler_utils.utils import send_intermediate_predict_response
from ts.metrics.dimension import Dimension as D
from ts.metrics.metric_type_enum import MetricTypes

NOTES = pathlib.Path(os.environ["NOTES"])

class Handler:
    def initialize(self, context):
        self.metrics = context.metrics
        self.metrics.add_counter("Loaded", 1)
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self):
        for number in itertools.count():
            self.metrics.add_metric("Pulse", number, "beats", metric_type=MetricTypes.GAUGE)
            time.sleep(0.01)

    def handle(self, data, context):
        for row in data:
            exec(row["body"].decode(), globals() | {"context": context, "m": context.metrics, "data": data})
        return ["done"] * len(data)
"""
ASYNC = MEASURES.replace("    def handle", "    async def handle")
WAIT = """
(NOTES / "waits").touch()
while not (NOTES / "go").exists():
    time.sleep(0.005)
"""


@pytest.fixture
def model(deploy):
    """A model of one worker."""
    return deploy(MEASURES)


def value(model, name, **labels):
    return model.server.metrics(name, ModelName=model.name, **labels)


def served_again(model):
    """Wait until the worker has been started anew."""
    wait_until(lambda: model.predict("pass").status_code == 200, "a worker")


DEATHS = {
    "exit": "os._exit(1)",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "os.abort()",
    "system exit": "sys.exit(0)",
    "its group": "os.killpg(os.getpgid(0), signal.SIGKILL)",
    "closed channel": "os.closerange(3, 256); time.sleep(60)",
}


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_what_was_measured_before_a_death_is_counted_once(model, death):
    """At once when the client hears of it, and no more when the worker is there again."""
    write = 'm.add_counter("Doomed", 1); m.add_metric("Lasted", 7, "ms", metric_type=MetricTypes.HISTOGRAM)'
    assert model.predict(f"{write}\n{death}").status_code in (500, 507)
    assert (value(model, "Doomed"), value(model, "Lasted_count"), value(model, "Lasted_sum")) == (1, 1, 7)
    served_again(model)
    assert (value(model, "Doomed"), value(model, "Lasted_count"), value(model, "Loaded")) == (1, 1, 2)
    assert model.predict(f"{write}\n{death}").status_code in (500, 507)
    assert (value(model, "Doomed"), value(model, "Lasted_count"), value(model, "Lasted_sum")) == (2, 2, 14)


def test_what_is_measured_while_loading_counts_where_the_load_fails(server, deploy):
    """With the traceback's line there is a number too."""
    broken = MEASURES.replace("        threading", "        os._exit(3)\n        threading", 1)
    model = deploy(broken, expect=500)
    assert value(model, "Loaded") >= 1


def test_an_idle_workers_gauge_moves(model):
    """A thread of it measures, and nobody asks the model anything."""
    first = wait_until(lambda: value(model, "Pulse"))
    wait_until(lambda: value(model, "Pulse") > first, "the gauge to move")


def test_very_many_writes_of_an_idle_worker(model):
    """Neither fail the next request nor are lost, whatever their kind."""
    kinds = "for _ in range(300_000):\n    m.add_counter('Idle', 1)\n    m.add_metric('Lasted', 7, 'ms', metric_type='histogram')"
    model.predict(f"threading.Thread(target=lambda: exec({kinds!r}, {{'m': m}})).start()")
    while (value(model, "Idle") or 0) < 300_000:
        assert model.predict("pass").status_code == 200
    wait_until(lambda: value(model, "Lasted_count") == 300_000)
    assert value(model, "Idle") == 300_000


def test_very_many_writes_of_one_request(deploy):
    """Its batch's neighbours are answered with it."""
    model = deploy(MEASURES, batch_size=4, max_batch_delay=10_000)
    answers = [
        model.send("[m.add_counter('Many', 1) for _ in range(600_000)]"),
        *(model.send("pass") for _ in range(3)),
    ]
    assert [answer.result().status_code for answer in answers] == [200] * 4
    assert value(model, "Many") == 600_000


def test_label_values_without_end(model):
    """Fold to `other`, of which the sum is whole and the folded writes are counted."""
    code = "for n in range(20_000): m.add_counter('Users', 1, None, [D('user', n)])"
    assert model.predict(code).status_code == 200
    assert value(model, "Users", user="other") == 20_000 - 100
    assert value(model, "Users", user="99") == 1
    assert model.server.metrics("servescope_series_dropped_total", family="Users") == 20_000 - 100


def test_a_long_requests_progress_shows_while_it_runs(model):
    """Not at its end."""
    answer = model.send(f"m.add_counter('Progress', 1){WAIT}m.add_counter('Progress', 1)")
    wait_until((model.server.notes / "waits").exists)
    assert value(model, "Progress") == 1
    (model.server.notes / "go").touch()
    assert answer.result().status_code == 200
    assert value(model, "Progress") == 2
    for name in ("waits", "go"):
        (model.server.notes / name).unlink()


@pytest.mark.parametrize("code", [MEASURES, ASYNC], ids=["one by one", "concurrent"])
def test_a_timeout_takes_nothing(deploy, code):
    """The request has failed, what was counted has happened."""
    model = deploy(code, response_timeout=1)
    assert model.predict("m.add_counter('Late', 1); time.sleep(3600)").status_code == 500
    assert value(model, "Late") == 1


def test_a_scale_down_takes_nothing(model):
    """What threads wrote until the process had ended, and the model's gauges of it."""
    assert (
        model.predict(
            "threading.Thread(target=lambda: [m.add_counter('Last', 1) for _ in iter(int, 1)]).start()"
        ).status_code
        == 200
    )
    before = wait_until(lambda: value(model, "Last"))
    assert (
        model.server.manage("PUT", f"/models/{model.name}", min_worker=0, max_worker=0, synchronous="true").status_code
        == 200
    )
    after = value(model, "Last")
    assert after > before
    assert value(model, "Last") == after


def test_a_broken_stream_takes_nothing(model):
    """What was counted after its last piece counts."""
    piece = "send_intermediate_predict_response(['piece'], context.request_ids, 'ok', 200, context)"
    try:
        model.predict(f"{piece}\nm.add_counter('Streamed', 1)\nos._exit(1)")
    except Exception as error:
        assert "incomplete" in str(error) or "closed" in str(error)  # noqa: PT017
    wait_until(lambda: value(model, "Streamed") == 1)


@pytest.mark.parametrize(
    "fork",
    [
        "pid = os.fork()\nif not pid:\n    work()\n    os._exit(0)\nos.waitpid(pid, 0)",
        "p = multiprocessing.get_context('fork').Process(target=work); p.start(); p.join()",
    ],
    ids=["fork", "multiprocessing"],
)
def test_children_of_a_handler_count_nothing_twice(model, fork):
    """Nor undo what their parent counts meanwhile; a line says that they measure nothing."""
    counts = "[m.add_counter('Forked', 1) for _ in range(1000)]; m.add_counter('New', 1)"
    work = f"def work():\n    {counts}; sys.stdout.flush()\n"
    code = f"{work}m.add_counter('Forked', 1)\n{fork}\nm.add_counter('Forked', 1)"
    assert model.predict(code).status_code == 200
    assert (value(model, "Forked"), value(model, "New")) == (2, None)
    text = "Metric Forked: value 1 dropped: a child process measures nothing (said once)"
    wait_until(lambda: log(model.server, "model_log.log").count(text) >= 1)


BAD = [
    "m.add_counter('Bad', 10**400)",
    "m.add_counter('Bad', float('nan'))",
    "m.add_metric('Unitless', 1, None)",
    "m.add_metric('Typed', 1, 'count', metric_type='gauge')",
    "m.add_metric('Typed', 1, 'count', metric_type='meter')",
    "m.add_counter('Plain', 1, dimensions=['Stage:decode'])",
    "m.add_counter('Plain', 1, dimensions='Stage:decode')",
    "m.add_time('Timed', 1, unit=None)",
    "m.add_size('Sized', 1, unit='TB')",
    "m.add_counter('n' * 1_000_000, 1)",
    "m.add_counter('\\ud800', 1)",
    "m.add_counter(None, 1)",
    "m.add_metric_to_cache('Cached', None, 'A').add_or_update(10**400, ['a'])",
    "m.add_metric_to_cache(3, 'count', ['A']).add_or_update(1, ['a', 'b'])",
    "m.add_metric_to_cache('Emitted', 'count', ['A']).emit_metrics('r', 'many', 'A:a')",
    "[m.add_metric(f'Kind{n}', v, 'u', metric_type=k) for n, k in enumerate(MetricTypes) for v in (True, '1', 1e308, 1e308, -0.0)]",
]


@pytest.mark.parametrize("handler", [MEASURES, ASYNC], ids=["one by one", "concurrent"])
def test_a_measurement_never_fails_a_prediction(deploy, handler):
    """Whatever is measured, the answer is that of the handler, and the model log says what was dropped, once."""
    model = deploy(handler)
    for code in BAD:
        answer = model.predict(f"for _ in range(3):\n    {code}")
        assert (answer.status_code, answer.text) == (200, "done"), code
    assert value(model, "Bad") is None
    assert value(model, "Unitless") == 3
    assert value(model, "Typed") == 1
    lines = [
        line
        for line in log(model.server, "model_log.log").splitlines()
        if f"_{model.name}_" in line or model.name in line
    ]
    assert sum("Metric Bad: value" in line and "too large for any number" in line for line in lines) == 1


LINE = re.compile(r"(\S+) - Ticks\.Count:1\.0\|.*timestamp:(\d+)")


def test_log_lines_have_the_time_of_their_write(tmp_path):
    """One for each, although the request that wrote them ended later; and those of a worker that died are there."""
    with serving(tmp_path / "server", {"metrics_mode": "log"}, {"m": MEASURES}) as server:
        post = lambda code: server.http.post(server.url("inference", "/predictions/m"), content=code)  # noqa: E731
        began = time.time()
        assert post("for _ in range(19):\n    m.add_counter('Ticks', 1)\n    time.sleep(0.1)").status_code == 200
        assert post("m.add_counter('Doomed', 1); os._exit(1)").status_code == 500
        wait_until(lambda: " Doomed.Count:1.0|" in log(server, "model_metrics.log"), "the line")
        found = LINE.findall(log(server, "model_metrics.log"))
        assert len({stamp for stamp, _ in found}) == len(found) == 19
        assert max(int(second) for _, second in found) - int(began) >= 1


def test_more_lines_than_there_is_room_for(tmp_path):
    """The handler waits for the front end, and each is written."""
    with serving(tmp_path / "server", {"metrics_mode": "log"}, {"m": MEASURES}) as server:
        code = "for n in range(60_000): m.add_counter('Flood', 1)"
        assert server.http.post(server.url("inference", "/predictions/m"), content=code).status_code == 200
        wait_until(lambda: log(server, "model_metrics.log").count(" Flood.Count:1.0|") == 60_000, "all lines")


def test_lines_and_families_of_one_write(tmp_path):
    """With both modes on, each write is a line and counts once; undeclared ones of a handler do too."""
    with serving(tmp_path / "server", {"metrics_mode": "log,prometheus"}) as server:
        for _ in range(3):
            assert obey(server, "context.metrics.add_counter('Both', 2)\n['x']").status_code == 200
        assert server.metrics("Both") == 6
        wait_until(lambda: log(server, "model_metrics.log").count(" Both.Count:2.0|") == 3, "three lines")


def test_nothing_is_kept_of_workers_that_have_gone(model):
    """Neither descriptors nor mapped memory of theirs, once they have been read."""

    def held():
        process = psutil.Process(model.server.process.pid)
        return process.num_fds(), sum("servescope-metrics" in one.path for one in process.memory_maps(grouped=False))

    def scale(count):
        answer = model.server.manage(
            "PUT", f"/models/{model.name}", min_worker=count, max_worker=count, synchronous="true"
        )
        assert answer.status_code == 200

    scale(2)
    before = held()
    assert before[1] >= 2
    for _ in range(6):  # more of them than a connection or two that happened to be open before
        scale(1)
        scale(2)
    wait_until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)), f"at most {before}")
