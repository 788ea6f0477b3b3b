"""What becomes of a model's requests: each is one observation of every family of requests."""

import re
from collections.abc import Mapping

import pytest

from metrics.answers import outcome
from metrics.dropped import dropped
from servescope.config.model.objectives import Objectives
from servescope.metrics.instruments import Counter
from servescope.metrics.recording.recorder import KEPT_S, Recorder
from servescope.metrics.recording.requests.outcome import Answer
from servescope.metrics.recording.requests.recorder import MOST
from servescope.metrics.recording.requests.times import BatchTimes, stage_times
from servescope.metrics.registry import Registry

MODEL = ("noop", "1.0")
WAY = ("POST", "/predictions/{model_name}")


@pytest.fixture
def registry() -> Registry:
    return Registry(series_budget=10)


def finish(
    recorder: Recorder, code: int = 200, times: BatchTimes | None = None, queued: bool = True, **options: object
) -> None:
    """One request that took two seconds."""
    model = recorder.model(*MODEL, **options)  # type: ignore[arg-type]
    model.request_arrived("default")
    if code == 200 and times is not None and times.plain:  # as `web.inference.prediction` does
        model.requests.finished_plainly((10.0, 12.0, times, 100, 200, "abc", "default", WAY))
    else:
        facts = {"times": times, "queued": queued, "received_bytes": 100, "sent_bytes": 200}
        model.requests.finished(outcome(way=WAY, code=code, ended=12.0, **facts))
    model.requests.settle()


def count(registry: Registry, family: str, *labels: str) -> int:
    return registry.histogram(family).series[(*MODEL, *labels)].count


def test_the_usual_codes_are_there_from_the_first_scrape(registry: Registry) -> None:
    """At zero, so that rates and alerts work."""
    Recorder(registry, "h").model(*MODEL)
    series = registry.counter("servescope_requests_total").series
    assert {key[4]: one.value for key, one in series.items()} == dict.fromkeys(
        ("200", "400", "408", "499", "500", "503", "507"), 0
    )
    assert {key[2] for key in registry.histogram("servescope_request_duration_seconds").series} == {
        "ok", "client_error", "server_error",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (200, "ok"),
        (302, "ok"),
        (404, "client_error"),
        (499, "client_error"),
        (500, "server_error"),
        (999, "server_error"),
    ],
)
def test_an_outcome(registry: Registry, code: int, outcome: str) -> None:
    """A code is counted as it is, a duration by its class, with the request's id as exemplar."""
    finish(Recorder(registry, "h"), code)
    assert registry.counter("servescope_requests_total").series[(*MODEL, "rest", "predict", str(code))].value == 1
    durations = registry.histogram("servescope_request_duration_seconds").series[(*MODEL, outcome)]
    assert (durations.count, durations.sum) == (1, 2.0)
    (exemplar,) = durations.exemplars.values()
    assert (exemplar.label, exemplar.id, exemplar.value) == ("request_id", "abc", 2.0)


def test_sizes_and_flight(registry: Registry) -> None:
    """Bodies are observed, and whoever is not finished is in flight."""
    recorder = Recorder(registry, "h")
    finish(recorder)
    recorder.model(*MODEL).request_arrived("default")
    assert registry.histogram("servescope_request_bytes").series[MODEL].sum == 100
    assert registry.histogram("servescope_response_bytes").series[MODEL].sum == 200
    assert registry.gauge("servescope_requests_in_flight").series[MODEL].value == 1
    assert registry.counter("ts_inference_requests_total").series["noop", "default", "h"].value == 2


def test_one_that_is_refused_unread(registry: Registry) -> None:
    """As TorchServe, its families do not count what is too large; this project's own do."""
    recorder = Recorder(registry, "h")
    recorder.model(*MODEL).request_refused("predict", 413, 10.0, 10.0, 7_000_000)
    recorder.model(*MODEL).requests.settle()
    duration = registry.histogram("servescope_request_duration_seconds").series[(*MODEL, "client_error")]
    assert (duration.count, duration.exemplars) == (1, {})  # it has no id that anyone could look for
    assert registry.counter("servescope_requests_total").series[(*MODEL, "rest", "predict", "413")].value == 1
    assert registry.counter("ts_inference_requests_total").series == {}
    assert registry.gauge("servescope_requests_in_flight").series[MODEL].value == 0


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("received", [0.0, 11.75])
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("assembling", [10.25, 10.5])
@pytest.mark.parametrize("stages", [{}, {"preprocess": 0.25, "inference": 0.125}])
def test_stages_as_the_spans_have_them(
    registry: Registry, ahead: bool, received: float, size: int, assembling: float, stages: dict[str, float]
) -> None:
    """The histograms get what `stage_times` says, which the spans are made of."""
    times = BatchTimes(10.5, assembling, size, "W", ahead)
    if received:
        times.answered(10.75, received, stages | {"prediction": 0.5}, handled=True)
    finish(Recorder(registry, "h"), times=times)
    family = registry.histogram("servescope_request_stage_seconds").series
    observed = {key[2]: one.sum for key, one in family.items() if one.count}
    assert observed == pytest.approx(stage_times(times, 10.0, 12.0, queued=True))
    assert sum(observed.values()) == pytest.approx(2.0)


@pytest.mark.parametrize(("queued", "stage"), [(True, "queue"), (False, "dispatch")])
def test_no_batch_no_stages(registry: Registry, queued: bool, stage: str) -> None:
    """A request that no worker got waited, or was refused at once."""
    finish(Recorder(registry, "h"), 503, queued=queued)
    assert count(registry, "servescope_request_stage_seconds", stage) == 1


def test_codes_are_under_a_budget(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """Handlers choose them; past the budget they are counted by class, and that is counted too, and said once."""
    recorder = Recorder(registry, "h")
    for code in range(600, 650):
        finish(recorder, code)
    series = registry.counter("servescope_requests_total").series
    assert len(series) == 11
    assert sum(one.value for one in series.values()) == 50
    assert series[(*MODEL, "rest", "predict", "6xx")].value == 47
    assert dropped(registry) == {("servescope_requests_total", "series_budget", "noop"): 47}
    said = "model noop answered with 10 codes; servescope_requests_total has further ones by class, as 6xx"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_folded_codes_stay_errors(registry: Registry) -> None:
    """What alerts take for errors, `code=~"5.."`, has every answer of 500 to 599, and no other, however many codes there are."""
    recorder = Recorder(registry, "h")
    for code in range(200, 1000):
        finish(recorder, code)
    own = registry.counter("servescope_requests_total").series
    port = registry.counter("servescope_http_requests_total").series
    assert errors(own) == errors(port) == 100
    assert sum(one.value for one in own.values()) == sum(one.value for one in port.values()) == 800
    assert len(own) <= 10 + 8


def errors(series: Mapping[tuple[str, ...], Counter]) -> float:
    """What an error rate is made of."""
    return sum(one.value for labels, one in series.items() if re.fullmatch("5..", labels[-1]))


def test_folded_codes_go_with_their_model(registry: Registry) -> None:
    """Nothing is left of them five minutes after it was unregistered."""
    now = 0.0
    recorder = Recorder(registry, "h", lambda: now)
    for code in range(500, 550):
        finish(recorder, code)
    recorder.forget(*MODEL)
    now = 2 * KEPT_S
    list(registry.collect())
    assert not registry.counter("servescope_requests_total").series


def test_objectives(registry: Registry) -> None:
    """Each finished request is judged once."""
    recorder = Recorder(registry, "h")
    objectives = Objectives(availability_target=0.999, latency_s=1.0, latency_target=0.9)
    for code in (200, 404, 500):
        finish(recorder, code, objectives=objectives)
    assert slo(registry) == {"availability": (2, 1), "latency": (1, 0)}


def test_many_alike_are_judged_too(registry: Registry) -> None:
    """Those that are recorded by columns count for the objectives as the others do."""
    objectives = Objectives(availability_target=0.999, latency_s=1.5, latency_target=0.9)
    model = Recorder(registry, "h").model(*MODEL, objectives)
    for number in range(301):
        times = BatchTimes(10.25, 10.25, 1, "W")
        times.answered(10.5, 10.75, {"prediction": 0.25}, handled=True)
        model.requests.finished_plainly((10.0, 11.0 + number % 2, times, 1, 2, str(number), "default", WAY))
    model.requests.settle()
    good = registry.counter("servescope_slo_good_total").series
    assert (good[(*MODEL, "latency")].value, good[(*MODEL, "availability")].value) == (151, 301)
    durations = registry.histogram("servescope_request_duration_seconds").series[(*MODEL, "ok")]
    assert (durations.count, durations.sum) == (301, 451.0)
    slowest, last = sorted(durations.exemplars.values(), key=lambda one: one.value, reverse=True)
    assert (slowest.value, int(slowest.id) % 2, last.value, int(last.id) % 2) == (2.0, 1, 1.0, 0)
    assert model.requests.finished_count == 301
    port = registry.counter("servescope_http_requests_total").series["inference", *WAY, "200"]
    assert port.value == registry.counter("Requests2XX").series["Host", "h"].value == 301


def test_calls_of_grpc_among_them(registry: Registry) -> None:
    """They are told apart by their transport and their path, and TorchServe's counter of its HTTP ports leaves them out."""
    recorder = Recorder(registry, "h")
    requests = recorder.model(*MODEL).requests
    times = BatchTimes(10.25, 10.25, 1, "W")
    times.answered(10.5, 10.75, {"prediction": 0.25}, handled=True)
    row = (10.0, 11.0, times, 1, 2, "id", "default")
    method = ("POST", "/org.Service/Method")
    for number in range(300):
        if number % 3:
            requests.called_plainly((*row, method))
        else:
            requests.finished_plainly((*row, WAY))
        assert requests.finished_count == number + 1
        recorder.spare.use(alone=False)
        assert requests.unrecorded <= 2 * MOST
    requests.settle()
    counted = registry.counter("servescope_requests_total").series
    assert counted[(*MODEL, "rest", "predict", "200")].value == 100
    assert counted[(*MODEL, "grpc", "predict", "200")].value == 200
    ports = registry.counter("servescope_http_requests_total").series
    assert ports["inference", *WAY, "200"].value == 100
    assert ports["inference", *method, "200"].value == 200
    assert registry.counter("Requests2XX").series["Host", "h"].value == 100
    assert count(registry, "servescope_request_duration_seconds", "ok") == 300


@pytest.mark.parametrize(("batch", "alone"), [(1, False), (1, True), (16, False), (500, False)])
def test_catching_up_keeps_pace(registry: Registry, batch: int, alone: bool) -> None:
    """A step between batches, and neither requests nor values that are not counted yet become ever more."""
    recorder = Recorder(registry, "h")
    requests = recorder.model(*MODEL).requests
    durations = registry.histogram("servescope_request_duration_seconds").series[(*MODEL, "ok")]
    times = BatchTimes(10.25, 10.25, 1, "W")
    times.answered(10.5, 10.75, {"prediction": 0.25}, handled=True)
    for number in range(20_000 // batch):
        for _ in range(batch):
            requests.finished_plainly((10.0, 11.0, times, 1, 2, "id", "default", WAY))
        recorder.spare.use(alone)
        assert requests.unrecorded <= 2 * max(batch, MOST)
        assert len(durations.pending) <= 16 * (MOST + batch)
        assert requests.finished_count == (number + 1) * batch
    requests.settle()
    assert (durations.count, requests.finished_count) == (20_000, 20_000)


def test_what_was_noted_counts_where_counts_stay(registry: Registry) -> None:
    """Of a model that comes back with other objectives: its own counts begin anew, TorchServe's and the port's go on."""
    recorder = Recorder(registry, "h")
    before = recorder.model(*MODEL).requests
    times = BatchTimes(10.25, 10.25, 1, "W")
    times.answered(10.5, 10.75, {"prediction": 0.25}, handled=True)
    row = (10.0, 11.0, times, 1, 2, "id", "default", WAY)
    for _ in range(MOST):
        before.called_plainly(row)
    for _ in range(MOST + 5):
        before.finished_plainly(row)
    recorder.model(*MODEL, Objectives(latency_s=0.5))
    while recorder.spare.due:  # as another model's batches are sent
        recorder.spare.use(alone=True)
    assert registry.counter("Requests2XX").series["Host", "h"].value == MOST + 5
    assert registry.counter("servescope_http_requests_total").series["inference", *WAY, "200"].value == 2 * MOST + 5
    asked = registry.counter("ts_inference_latency_microseconds").series
    assert [counter.value for counter in asked.values()] == [(2 * MOST + 5) * 1e6]
    own = registry.counter("servescope_requests_total").series
    assert sum(counter.value for counter in own.values()) == 0
    assert count(registry, "servescope_request_duration_seconds", "ok") == 0


def test_together_and_one_by_one(registry: Registry) -> None:
    """Requests that are recorded together come to what they do alone: those that waited for their batch to fill, and others."""
    batches = [(0.0, 10.0), (10.25, 10.25), (10.25, 10.5), (9.0, 10.5)]  # assembling, formed
    names = [str(len(batches)), *map(str, range(len(batches)))]
    together, *alone = (Recorder(registry, "h").model(name, "1.0").requests for name in names)
    for (assembling, formed), one in zip(batches, alone, strict=True):
        times = BatchTimes(formed, assembling, 2, "W")
        times.answered(10.5, 10.75, {"prediction": 0.125}, handled=True)
        for requests in (together, one):
            requests.finished_plainly((10.0, 11.0, times, 1, 2, "id", "default", WAY))
    for requests in (together, *alone):
        requests.settle()
    family = registry.histogram("servescope_request_stage_seconds").series
    stages = {labels[2] for labels in family}
    observed = {(labels[0], labels[2]): (one.count, one.sum) for labels, one in family.items()}
    for stage in stages:
        counts, sums = zip(*(observed[name, stage] for name in names[1:]), strict=True)
        assert observed[names[0], stage] == (sum(counts), pytest.approx(sum(sums)))
    assert observed[names[0], "batch_wait"] == (2, 0.75)


@pytest.mark.parametrize(
    ("facts", "availability", "latency"),
    [
        ({"answer": Answer.NONE, "ended": 10.5}, (0, 0), (0, 0)),
        ({"answer": Answer.NONE, "ended": 12.0}, (0, 0), (1, 0)),
        ({"answer": Answer.NONE, "ended": 21.0}, (1, 0), (1, 0)),
        ({"answer": Answer.STREAMED, "ended": 21.0}, (1, 0), (1, 0)),  # headers, and nothing after them
        ({"answer": Answer.STREAMED, "ended": 21.0, "first_piece": 10.5}, (1, 1), (1, 1)),
        ({"answer": Answer.STREAMED, "ended": 21.0, "first_piece": 20.5}, (1, 1), (1, 0)),
        ({"answer": Answer.WHOLE, "ended": 21.0, "hung_up": False}, (0, 0), (0, 0)),  # the handler's own code
        ({"answer": Answer.STREAMED, "ended": 21.0, "first_piece": 10.5, "hung_up": False}, (0, 0), (0, 0)),  # the same
    ],
)
def test_who_hung_up(registry: Registry, facts: dict[str, object], availability: object, latency: object) -> None:
    """Is judged by how long there was nothing: to the first piece of a stream, or to the end."""
    objectives = Objectives(availability_target=0.999, latency_s=1.0, latency_target=0.9)
    model = Recorder(registry, "h").model(*MODEL, objectives)
    model.requests.finished(outcome(way=WAY, code=499, **{"hung_up": True} | facts))
    assert slo(registry) == {"availability": availability, "latency": latency}


def test_whose_turn_never_came(registry: Registry) -> None:
    """Pipelined behind others by a client that left: it waited as well. Too large a body is its client's own fault."""
    objectives = Objectives(availability_target=0.999, latency_s=1.0, latency_target=0.9)
    model = Recorder(registry, "h").model(*MODEL, objectives)
    for code, ended in ((499, 10.5), (499, 12.0), (499, 21.0), (413, 21.0), (408, 10.5)):
        model.request_refused("predict", code, 10.0, ended, 7)
    assert slo(registry) == {"availability": (2, 0), "latency": (3, 0)}


def slo(registry: Registry) -> dict[str, tuple[float, float]]:
    """All and good requests by objective."""
    total, good = (registry.counter(f"servescope_slo_{name}_total").series for name in ("requests", "good"))
    return {labels[2]: (one.value, good[labels].value) for labels, one in total.items()}


@pytest.mark.parametrize(
    ("answer", "code", "sent"), [(Answer.WHOLE, 503, 1), (Answer.STREAMED, 500, 0), (Answer.NONE, 499, 0)]
)
def test_the_port_counts_it_too(registry: Registry, answer: Answer, code: int, sent: int) -> None:
    """Once; TorchServe's counters have a stream since its beginning, and never a client that got nothing."""
    model = Recorder(registry, "h").model(*MODEL)
    model.requests.finished(outcome(way=WAY, code=code, answer=answer))
    assert registry.counter("servescope_http_requests_total").series["inference", *WAY, str(code)].value == 1
    assert sum(registry.counter(f"Requests{group}XX").series["Host", "h"].value for group in "245") == sent


def test_batch_sizes_do_not_pile_up(registry: Registry) -> None:
    """Also where nobody scrapes, and no request is recorded by columns."""
    model = Recorder(registry, "h").model(*MODEL)
    for _ in range(2000):
        model.batch_sent(4)
        model.requests.finished(outcome(way=WAY, code=503))
    sizes = registry.histogram("servescope_batch_size").series[MODEL]
    assert len(sizes.pending) < 600
    assert (sizes.count, sizes.sum) == (2000, 8000.0)


def test_the_unfinished(registry: Registry) -> None:
    """One that its client did not finish is one of its model's, and nobody's failure."""
    objectives = Objectives(availability_target=0.99, latency_s=0.1, latency_target=0.9)
    recorder = Recorder(registry, "h")
    model = recorder.model(*MODEL, objectives=objectives)
    model.request_unfinished("predict", 12.0, 100)
    assert registry.counter("servescope_requests_total").series[*MODEL, "rest", "predict", "408"].value == 1
    assert registry.counter("servescope_rejected_total").series[*MODEL, "client_timeout"].value == 1
    assert count(registry, "servescope_request_duration_seconds", "client_error") == 1
    assert count(registry, "servescope_request_bytes") == 1
    assert sum(one.value for one in registry.gauge("servescope_requests_in_flight").series.values()) == 0
    for one in registry.counter("servescope_slo_requests_total").series.values():
        assert one.value == 0


def test_each_transport_is_counted_by_itself(registry: Registry) -> None:
    """And together in all else, but for TorchServe's counters, which are HTTP's; all series go with the model."""
    now = 0.0
    recorder = Recorder(registry, "h", lambda: now)
    finish(recorder, 503)
    model = recorder.model(*MODEL)
    for code in (503, 503, 200):
        model.request_arrived("default")
        model.requests.finished(outcome(transport="grpc", code=code))
    requests = registry.counter("servescope_requests_total").series
    counts = {(key[2], key[4]): one.value for key, one in requests.items() if one.value}
    assert counts == {("rest", "503"): 1, ("grpc", "503"): 2, ("grpc", "200"): 1}
    assert count(registry, "servescope_request_duration_seconds", "server_error") == 3
    totals = {
        name: sum(one.value for one in registry.counter(name).series.values())
        for name in ("Requests5XX", "Requests2XX")
    }
    assert totals == {"Requests5XX": 1, "Requests2XX": 0}
    recorder.forget(*MODEL)
    now = KEPT_S + 1
    list(registry.collect())
    assert not registry.counter("servescope_requests_total").series
