"""Where the time went: a request's stages add up to its duration, and hold what its handler and its client know of it."""

import pytest

from truth.client import Ask, load
from truth.comparison import DURATION, STAGES, assert_same_counts, at_rest
from truth.conftest import amount
from truth.handlers import ASYNC_SLEEP, STAGED, WORK

pytestmark = pytest.mark.integration

DELAY_S = 0.2
MODES = {
    "plain": (WORK, {}, b"sleep 0.003", 4),
    "batches": (WORK, {"batch_size": 4, "max_batch_delay": 20}, b"sleep 0.003", 6),
    "streams": (WORK, {}, b"stream 1 sleep 0.003 stream 2 sleep 0.003", 4),
    "errors": (WORK, {}, b"sleep 0.003 raise x", 4),
    "large bodies": (WORK, {}, b"size 90000 " + b" " * 90_000, 4),
    "side by side": (ASYNC_SLEEP, {}, b"0.003", 8),
}


@pytest.fixture(scope="module")
def staged(shared_model_of):
    """One for all, as loading a BaseHandler loads torch."""
    return shared_model_of(code=STAGED)


def seconds(scrape, model, stage):
    return scrape.value(f"{STAGES}_sum", model_name=model.name, stage=stage)


@pytest.mark.parametrize("mode", MODES)
def test_stages_add_up(truth_server, model_of, mode):
    """To the durations within 1 %; and the server's durations, summed, are less than what its clients waited."""
    code, query, body, clients = MODES[mode]
    model = model_of(code=code, **query)
    books = load(truth_server.ports["inference"], [Ask(model.path, body)] * amount(100), clients=clients)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    durations = now.total(f"{DURATION}_sum", model_name=model.name)
    assert durations < sum(entry.seconds for entry in books.entries)
    handled = sum(seconds(now, model, stage) for stage in ("preprocess", "inference", "postprocess", "handler"))
    # A large body's handler only makes the answer; all others sleep 3 ms for each request. uvloop's timers count whole
    # milliseconds from the last turn of the loop, so an asynchronous sleep may be one shorter.
    shortest = {"large bodies": 0, "side by side": 0.002}.get(mode, 0.003)
    assert handled >= shortest * len(books.entries)
    assert handled < durations


def test_a_lone_request_waits_for_its_batch(truth_server, model_of):
    """One request, batchSize 8: it waits for maxBatchDelay, most of what its client waited, and no time for a worker."""
    model = model_of(batch_size=8, max_batch_delay=round(DELAY_S * 1000))
    books = load(truth_server.ports["inference"], [Ask(model.path)] * 3)
    now = at_rest(truth_server, model)
    waited = seconds(now, model, "batch_wait") / 3
    client = sum(entry.seconds for entry in books.entries) / 3
    assert 0.98 * DELAY_S <= waited <= client
    assert waited >= 0.9 * client
    assert seconds(now, model, "queue") / 3 < 0.05 * waited


def test_a_request_waits_for_its_worker(truth_server, model_of):
    """Two clients, one worker, batchSize 1: what one waits while the other is handled is queue, and nobody waits for a batch."""
    model = model_of()
    books = load(truth_server.ports["inference"], [Ask(model.path, b"sleep 0.05")] * 12, clients=2)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    assert seconds(now, model, "batch_wait") == 0
    # All but the first and the last wait for one whole other request; the client's own books say how long that may be at most.
    assert seconds(now, model, "queue") >= 0.05 * 10
    assert seconds(now, model, "queue") + seconds(now, model, "handler") <= sum(
        entry.seconds for entry in books.entries
    )


def test_the_handlers_own_stages(truth_server, staged):
    """A BaseHandler's preprocess, inference and postprocess of 10, 50 and 20 ms, by its own clock; HandlerTime and
    PredictionTime are the time of its `handle`.
    """
    names = ("preprocess", "inference", "postprocess", "handler")
    before = at_rest(truth_server, staged)
    times = []
    for _ in range(7):
        books = load(truth_server.ports["inference"], [Ask(staged.path, b"0.01 0.05 0.02")])
        now = at_rest(truth_server, staged)
        own = float(books.entries[-1].body)
        handler = now.value("HandlerTime", ModelName=staged.name)
        prediction = now.value("PredictionTime", ModelName=staged.name)
        assert own <= handler + 0.01  # HandlerTime is rounded to hundredths
        assert handler <= prediction + 0.01
        assert prediction <= books.entries[-1].seconds * 1000
        times.append((own, prediction))
    own_s, predicted_s = (sum(column) / 1000 for column in zip(*times, strict=True))
    found = {stage: seconds(now, staged, stage) - seconds(before, staged, stage) for stage in names}
    for stage, slept in (("preprocess", 0.01), ("inference", 0.05), ("postprocess", 0.02)):
        assert slept * len(times) <= found[stage] <= own_s, stage
    assert sum(found.values()) == pytest.approx(predicted_s, rel=0.001)


@pytest.mark.parametrize("kind", ["BaseHandler", "function"])
def test_a_handler_that_sleeps_50_ms(truth_server, request, model_of, kind):
    """HandlerTime (of a BaseHandler) and PredictionTime read 50 to 55: the median of nine, as a busy machine may wake one late."""
    if kind == "BaseHandler":
        model, body, gauges = request.getfixturevalue("staged"), b"0 0.05 0", ("HandlerTime", "PredictionTime")
    else:
        model, body, gauges = model_of(), b"sleep 0.05", ("PredictionTime",)
    readings = {gauge: [] for gauge in gauges}
    for _ in range(9):
        load(truth_server.ports["inference"], [Ask(model.path, body)])
        now = at_rest(truth_server, model)
        for gauge, values in readings.items():
            values.append(now.value(gauge, ModelName=model.name))
    for gauge, values in readings.items():
        assert min(values) >= 50, gauge
        assert sorted(values)[4] <= 55, f"{gauge}: {values}"
