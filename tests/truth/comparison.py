"""The clients' books against the server's word: the comparisons that every case makes.

In: `Books` and a `Scrape` taken at rest. Out: an AssertionError that shows both, where they differ.
"""

from collections import Counter

from integration.deployed import Deployed
from integration.scrape import Scrape, read
from integration.server import Server, wait_until
from truth.books import Books

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


def assert_same_counts(scrape: Scrape, model: Deployed, *loads: Books) -> None:
    """Every request is counted once, by the status that its client read; 499 for those who hung up.

    A request that the server finished while its client was hanging up may be counted either way. So where clients hung up the
    sums are equal, and the server has at most so many more of the other codes as clients hung up.
    """
    said, own = counted(scrape, model), Counter[str]()
    for books in loads:
        lost = books.of("broken") + books.of("open")
        assert not lost, f"the server says {said}; without an answer were {lost}"
        own.update(books.codes())
    hung_up = sum(len(books.of("hung up")) for books in loads)
    seen = f"the server says {said}, the clients {dict(own)} and {hung_up} hung up"
    assert sum(said.values()) == sum(own.values()) + hung_up, seen
    more = {code: said.get(code, 0) - own[code] for code in {*said, *own} - {GAVE_UP}}
    assert all(0 <= extra <= hung_up for extra in more.values()), seen
    assert said.get(GAVE_UP, 0) == own[GAVE_UP] + hung_up - sum(more.values()), seen
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
