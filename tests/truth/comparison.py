"""The clients' books against the server's word: the comparisons that every case makes.

In: `Books` and a `Scrape` taken at rest. Out: an AssertionError that shows both, where they differ.
"""

from collections import Counter

from integration.deployed import Deployed
from integration.scrape import Scrape, read
from integration.server import Server, wait_until
from truth.books import Books, Entry

REQUESTS = "servescope_requests_total"
IN_FLIGHT = "servescope_requests_in_flight"
DEPTH = "servescope_queue_depth"
DURATION = "servescope_request_duration_seconds"
STAGES = "servescope_request_stage_seconds"
REJECTED = "servescope_rejected_total"
GAVE_UP = "499"


def of_model(server: Server, model: Deployed) -> Scrape:
    """A reading of the series that have the model's name."""
    return read(server, only=f'="{model.name}"')


def at_rest(server: Server, model: Deployed) -> Scrape:
    """A reading of the model once it has nothing in hand: only clients that hung up leave something to wait for."""

    def resting() -> bool:
        now = of_model(server, model)
        return not now.value(IN_FLIGHT, model_name=model.name) and not now.value(DEPTH, model_name=model.name)

    wait_until(resting, f"in-flight requests and queue of {model.name} to return to zero")
    return of_model(server, model)


def counted(scrape: Scrape, model: Deployed) -> dict[str, int]:
    """The server's count by code."""
    return {code: int(value) for code, value in scrape.by("code", REQUESTS, model_name=model.name).items()}


def outcome_of(code: str) -> str:
    """As servescope_request_duration_seconds has it."""
    return "ok" if int(code) < 400 else "client_error" if int(code) < 500 else "server_error"


def assert_same_counts(scrape: Scrape, model: Deployed, *loads: Books, unsent: int = 0) -> None:
    """Every request is counted once, by the status that its client read; 499 for those who hung up.

    A request that the server finished while its client was hanging up may be counted either way. So where clients hung up the
    sums are equal, and the server has at most so many more of the other codes as clients hung up. `unsent`: so many of those who
    hung up may have done so before the server had their request.
    """
    said, own = counted(scrape, model), Counter[str]()
    for books in loads:
        lost = books.of("broken") + books.of("open")
        assert not lost, f"the server says {said}; without an answer were {lost}"
        own.update(books.codes())
    hung_up = sum(len(books.of("hung up")) for books in loads)
    seen = f"the server says {said}, the clients {dict(own)} and {hung_up} hung up"
    missing = sum(own.values()) + hung_up - sum(said.values())
    assert 0 <= missing <= unsent, seen
    more = {code: said.get(code, 0) - own[code] for code in {*said, *own} - {GAVE_UP}}
    assert all(0 <= extra <= hung_up for extra in more.values()), seen
    assert said.get(GAVE_UP, 0) == own[GAVE_UP] + hung_up - missing - sum(more.values()), seen
    assert_histograms_agree(scrape, model, said)


def assert_histograms_agree(scrape: Scrape, model: Deployed, said: dict[str, int]) -> None:
    """Durations and body sizes were observed once a request, durations by the outcome of its code."""
    outcomes = Counter[str]()
    for code, count in said.items():
        outcomes[outcome_of(code)] += count
    assert scrape.by("outcome", f"{DURATION}_count", model_name=model.name) == dict(outcomes)
    for family in ("servescope_request_bytes", "servescope_response_bytes"):
        assert scrape.total(f"{family}_count", model_name=model.name) == sum(said.values()), family
    assert_stages_add_up(scrape, model)


def assert_stages_add_up(scrape: Scrape, model: Deployed) -> None:
    """The seconds of all stages are the seconds of all requests, within 1 %."""
    whole = scrape.total(f"{DURATION}_sum", model_name=model.name)
    parts = scrape.by("stage", f"{STAGES}_sum", model_name=model.name)
    assert abs(sum(parts.values()) - whole) <= 0.01 * whole, f"stages {parts} add up to {sum(parts.values())}: {whole}"


def assert_objectives_kept(
    scrape: Scrape, model: Deployed, latency_s: float, abandoned_s: float, *loads: Books, broken: int = 0
) -> None:
    """All and good requests of the objectives of latency and availability are those of the books. `broken`: the code that ended
    streams that the server broke off.
    """
    own = {kind: Counter[str]() for kind in ("requests", "good")}
    for entry in (entry for books in loads for entry in books.entries):
        for slo, good in _verdicts(entry, latency_s, abandoned_s, broken).items():
            own["requests"][slo] += 1
            own["good"][slo] += good
    for kind, counts in own.items():
        said = scrape.by("slo", f"servescope_slo_{kind}_total", model_name=model.name)
        assert said == {slo: count for slo, count in counts.items() if count}, kind


def _verdicts(entry: Entry, latency_s: float, abandoned_s: float, broken: int) -> dict[str, bool]:
    """Whether each objective that the request counts for was met, as its client sees it."""
    if entry.fate == "hung up":
        if entry.first is not None:
            return {"availability": True, "latency": entry.waited <= latency_s}
        limits = {"availability": abandoned_s, "latency": latency_s}
        return {slo: False for slo, limit in limits.items() if entry.waited > limit}
    code = broken if entry.fate == "broken" else entry.code
    assert code is not None
    if code < 400:
        return {"availability": True, "latency": entry.seconds <= latency_s}
    if code == 408:
        return {"availability": False, "latency": False}
    return {"availability": False} if code >= 500 else {}
