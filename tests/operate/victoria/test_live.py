"""One live server, scraped by Prometheus and by VictoriaMetrics, whose vmalert reads back late what it has recorded: the same
shares, counts and percentiles, and the same alerts, through single errors, many of them, and a restart.
"""

import signal
import time

import pytest
import yaml

from integration.prometheus_server import prometheus
from integration.server import PATIENCE_S, Server, pack, wait_until
from operate.hurried import FEATURES
from operate.promtool import needs_promtool
from operate.victoria.processes import needs_victoria, victoria, vmalert
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files
from truth.client import Ask, load
from truth.handlers import WORK

pytestmark = [pytest.mark.integration, needs_promtool, needs_victoria]

CONFIG = """
minWorkers: 1
maxWorkers: 1
jobQueueSize: 1000
slo: {availability_target: 99.9, latency_ms: 250, latency_target: 90}
"""
MODELS = ("well", "once", "ill")
# Scrapes each second, rules every fifth, and vmalert writes as much later as it does of fifteen: by a third of that.
EVERY_S, WRITES = 5, "-remoteWrite.flushInterval=1666ms"
# Until both have scraped: what comes before the first scrape after a start nobody knows of.
SCRAPES_S = 3
# Recordings are made of recordings, up to four deep, and of each VictoriaMetrics finds the first sample ten seconds late.
LATE_S = 4 * (10 + EVERY_S)
# Nothing here is to wait for minutes.
HURRIED = Thresholds(errors_for="2s", latency_for="2s", unknown_models_for="2s", rejected_for="2s")
# What moves while nobody asks, is a rate of it, or a mean over recordings, which began some seconds later in one of them.
MOVING = ("utilization", "fill_ratio", ":servescope_held", ":rate5m", "busy5m", ":mean10m", ":normal", "1d", "3d")


@pytest.fixture
def server(tmp_path):
    """One that loads its models at every start."""
    folder = tmp_path / "server"
    (folder / "store").mkdir(parents=True)
    for name in MODELS:
        pack(folder / "store" / f"{name}.mar", name, WORK, config=CONFIG)
    settings = {"load_models": ",".join(f"{name}.mar" for name in MODELS), "default_workers_per_model": "1"}
    server = Server(folder, settings)
    for name in MODELS:
        (server.notes / name).mkdir()
    yield server
    server.end()


def files(server):
    """As they are written, in a hurry."""
    found = prometheus_files(discovery_of((f"127.0.0.1:{server.ports['metrics']}",), None, None), HURRIED, "classic")
    rules = {}
    for path in [path for path in found if path.startswith("rules/")]:
        every = yaml.safe_load(found[path])["groups"]
        rules[path.removeprefix("rules/")] = yaml.safe_dump(
            {"groups": [{**one, "interval": f"{EVERY_S}s"} for one in every]}
        )
    main = yaml.safe_load(found["prometheus.yml"])
    main["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": f"{EVERY_S}s"}
    del main["alerting"]  # there is no Alertmanager
    return yaml.safe_dump(main), rules


def asked(server, name, *bodies):
    """The answers' codes."""
    asks = [Ask(f"/predictions/{name}", body) for body in bodies]
    return load(server.ports["inference"], asks, clients=4).codes()


def restarted(server):
    """End it as a supervisor does, and start it again in the same place."""
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(PATIENCE_S)
    server.start_again()
    ready(server)


def ready(server):
    """Wait until every model has its worker, without asking any."""

    def state(name):
        (told,) = server.http.get(server.url("management", f"/models/{name}")).json()
        return [worker["status"] for worker in told["workers"]]

    for name in MODELS:
        wait_until(lambda name=name: state(name) == ["READY"], name)


def lived_through(server):
    """What happens: most is well, one model fails once, one often, a fourth is not there."""
    asked(server, "well", *[b""] * 150)
    asked(server, "once", *[b""] * 130, b"raise x")
    asked(server, "ill", *[b"sleep 0.01"] * 100, *[b"raise x"] * 40)
    asked(server, "nosuch", *[b""] * 60)
    time.sleep(SCRAPES_S)
    restarted(server)
    time.sleep(SCRAPES_S)
    for _ in range(4):
        asked(server, "well", *[b""] * 50)
        asked(server, "ill", *[b"sleep 0.3"] * 2, *[b""] * 20, *[b"raise x"] * 8)
        asked(server, "nosuch", *[b""] * 20)
        time.sleep(1)


def settled(condition, what):
    """VictoriaMetrics takes ten seconds to find a series that is new, and each recording is made of others."""
    end = time.monotonic() + 4 * PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(1)  # each asks for all that is recorded


def of_prometheus(told, query):
    return {_key(one["metric"]): float(one["value"][1]) for one in told.series(query)}


def of_victoria(storage, query):
    return {_key(one["metric"]): float(one["value"][1]) for one in storage.query(query)}


def _key(labels):
    return frozenset((label, value) for label, value in labels.items() if label != "alertgroup")


def shares(values):
    """The recordings of models, which stand still where nobody asks; NaN is as good as nothing."""
    kept = {}
    for key, value in values.items():
        labels = dict(key)
        if "model_name" in labels and value == value and not any(word in labels["__name__"] for word in MOVING):
            kept[key] = value
    return kept


def fired(samples):
    """When each alert first fired, in seconds since 1970."""
    return {_key(one["metric"]): float(one["values"][0][0]) for one in samples}


def test_the_same_server(tmp_path, server):
    """See above; what fires in one fires in the other, at most as much later as vmalert writes late."""
    ready(server)
    scraped, rules = files(server)
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / "prometheus.yml").write_text(scraped)
    written = {"prometheus.yml": scraped, **{f"rules/{name}": text for name, text in rules.items()}}
    options = [f"-promscrape.config={tmp_path}/vm/prometheus.yml", "-promscrape.config.strictParse=false"]
    with (
        prometheus(tmp_path / "prometheus", written, *FEATURES["classic"]) as told,
        victoria(tmp_path / "vm", *options) as storage,
        vmalert(tmp_path / "vmalert", storage, rules, WRITES),
    ):
        for scrapes in (told.has, storage.query):
            wait_until(lambda scrapes=scrapes: scrapes("servescope_slo_requests_total"), "a scrape")
        lived_through(server)

        query = '{__name__=~".+:.+:.+"}'

        def same():
            ours, theirs = shares(of_prometheus(told, query)), shares(of_victoria(storage, query))
            return ours and theirs == pytest.approx(ours, rel=0.01, abs=1e-9)

        try:
            settled(same, "both to have recorded the same")
        finally:
            ours, theirs = shares(of_prometheus(told, query)), shares(of_victoria(storage, query))
            apart = {key: (value, theirs.get(key)) for key, value in ours.items()}
            print(*(one for one in apart.items() if one[1][1] != pytest.approx(one[1][0], rel=0.01)), sep="\n")
            print(*(theirs.keys() - ours.keys()), sep="\n")
        assert len(ours) > 100
        firing = 'ALERTS{alertstate="firing"}[10m]'
        settled(
            lambda: fired(told.series(firing)).keys() == fired(_matrix(storage, firing)).keys(),
            "the alerts",
        )
        first, second = fired(told.series(firing)), fired(_matrix(storage, firing))
    assert second == pytest.approx(first, abs=LATE_S)
    names = {(dict(key)["alertname"], dict(key).get("model_name")) for key in first}
    assert {
        ("ServescopeAvailabilityBudgetBurns", "ill"), ("ServescopeErrors", "ill"), ("ServescopeUnknownModels", None),
    } <= names  # fmt: skip
    assert not {name for name in names if name[1] in ("well", "once")}


def _matrix(storage, query):
    """As Prometheus tells it. Asked for in the raw: VictoriaMetrics has no instant query of ranges."""
    told = storage.exported(query.partition("[")[0])
    return [
        {"metric": dict(labels), "values": [(at / 1000, value) for at, value in sorted(values.items())]}
        for labels, values in told.items()
    ]
