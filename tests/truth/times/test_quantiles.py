"""Percentiles: the clients' own lie in the buckets that `histogram_quantile` finds, and native histograms come within 5 %."""

import shutil
from contextlib import ExitStack

import pytest

from integration.prometheus_server import needs_prometheus, prometheus, scraping
from integration.server import wait_until
from truth.client import Ask, load
from truth.comparison import DURATION, REQUESTS, assert_same_counts, at_rest, of_model
from truth.conftest import amount, seeded
from truth.handlers import ASYNC_SLEEP

pytestmark = pytest.mark.integration

SHARES = (0.5, 0.9, 0.99)
# Shares of requests, and the seconds between which they sleep, even. Each part lies inside a bucket of its own, long enough that
# a client's own milliseconds do not matter, and holds the rank of one of SHARES.
PARTS = ((0.7, 0.065, 0.09), (0.25, 0.15, 0.2), (0.05, 0.35, 0.4))


@pytest.fixture(scope="module")
def prometheis(truth_server, tmp_path_factory):
    """One as it comes and one with native histograms, both there before the load: the first scrape takes them five seconds."""
    if shutil.which("prometheus") is None:
        yield {}
        return
    with ExitStack() as running:
        yield {
            name: running.enter_context(
                prometheus(tmp_path_factory.mktemp(name), scraping(truth_server.ports["metrics"]), *features)
            )
            for name, features in (("plain", ()), ("native", ("native-histograms",)))
        }


@pytest.fixture(scope="module")
def loaded(truth_server, shared_model_of, prometheis):
    """A model, and the books of eight clients whose requests slept side by side for as long as they were told to."""
    model, drawn = shared_model_of(code=ASYNC_SLEEP), seeded()
    count = amount(300)
    sleeps = [drawn.uniform(low, high) for share, low, high in PARTS for _ in range(round(share * count))]
    drawn.shuffle(sleeps)
    books = load(truth_server.ports["inference"], [Ask(model.path, b"%.6f" % sleep) for sleep in sleeps], clients=8)
    assert_same_counts(at_rest(truth_server, model), model, books)
    return model, books


def test_the_buckets_are_right(truth_server, loaded):
    """In the text format."""
    model, books = loaded
    now = of_model(truth_server, model)
    for share in SHARES:
        low, high = now.bucket_of(share, DURATION, model_name=model.name)
        assert low < books.percentile(share) <= high, f"p{share * 100:g}"


@needs_prometheus
def test_histogram_quantile(truth_server, loaded, prometheis):
    """A real Prometheus answers with values of the right buckets, and counts what the clients counted."""
    (model, books), prometheus = loaded, prometheis["plain"]
    now = of_model(truth_server, model)
    labels = f'{{model_name="{model.name}"}}'
    wait_until(lambda: prometheus.value(f"sum({REQUESTS}{labels})") == len(books.entries), "the last scrape")
    for share in SHARES:
        low, high = now.bucket_of(share, DURATION, model_name=model.name)
        found = prometheus.value(f"histogram_quantile({share}, sum by (le) ({DURATION}_bucket{labels}))")
        assert low < found <= high, f"p{share * 100:g}"
    assert prometheus.by("code", f"{REQUESTS}{labels} > 0") == books.codes()


@needs_prometheus
def test_native_histograms(loaded, prometheis):
    """Scraped as protobuf: within 5 % of the clients' own percentiles."""
    (model, books), prometheus = loaded, prometheis["native"]
    labels = f'{{model_name="{model.name}", outcome="ok"}}'
    wait_until(
        lambda: prometheus.value(f"histogram_count({DURATION}{labels})") == len(books.entries), "the last scrape"
    )
    for share in SHARES:
        found, own = prometheus.value(f"histogram_quantile({share}, {DURATION}{labels})"), books.percentile(share)
        assert abs(found - own) <= 0.05 * own, f"p{share * 100:g}: {found} against {own}"
