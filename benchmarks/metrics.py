"""What the metrics cost: each row of the table in docs/performance.md, measured in one run.

    python benchmarks/metrics.py [--quick] [--rounds N] [--seconds S] [--only ROW ...] [--json FILE]

In: an environment with servescope and prometheus_client; wrk on PATH for the rows that load a server. Out: a table of what was
measured beside what it may be at most. The exit status is 1 where a row is above, 2 where a run proves nothing. Servers that are
compared are up at the same time and take turns, and ratios are medians of the turns'. Run by hand, on a machine at rest.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from idle_models import AS_PROMETHEUS, PLAIN, Scrapes, register, scrape, scraping
from rig.load import Load, Measured, VoidRunError, drive
from rig.memory import pss_bytes
from rig.processes import front_end
from rig.recorded import Filled, Twin, client_observe_seconds, recording_seconds
from rig.servers import Server, free_ports, running, servescope
from servescope.metrics.exposition import openmetrics, protobuf, text

CONNECTIONS = 64
SAMPLES = 100_000


@dataclass(frozen=True)
class Row:
    """One line of the table: a number in `unit`, and what it may be at most; None where no limit was set.

    `absolute`: a time, which a slower machine takes more of; its limit was set on a machine where an observation of
    prometheus_client takes REFERENCE_US.
    """

    key: str
    title: str
    unit: str
    at_most: float | None
    absolute: bool = False


ROWS = (
    Row("on_off", "all metrics on against off, requests/s at c=64: lost", "%", 5.0),
    Row("recording", "one request's whole recording, on the request path and in folding", "µs", 4.0, absolute=True),
    Row("render", "rendering 100 000 samples as text, processor time", "ms", 60.0, absolute=True),
    Row("slice", "its longest slice", "ms", 0.5, absolute=True),
    Row("openmetrics", "the same as OpenMetrics", "ms", None),
    Row("protobuf", "the same as protobuf, native histograms included", "ms", None),
    Row("scraped", "p99 at c=64, idle models scraped every second against not", "×", 1.2),
    Row("scraped_gzip", "the same, asked as Prometheus does (OpenMetrics, gzip)", "×", 1.2),
    Row("memory", "memory of a registered idle model's series", "kB", 40.0),
    Row("client", "time to render against prometheus_client's generate_latest", "×", 0.1),
)
KEYS = tuple(row.key for row in ROWS)
REFERENCE_US = 0.8


@dataclass(frozen=True)
class Plan:
    """How much to do: rounds of every comparison, seconds of a load run, idle models, requests to record,
    renders and the samples that each renders.
    """

    rounds: int
    seconds: int
    idle_models: int
    requests: int
    renders: int
    samples: int


FULL = Plan(rounds=9, seconds=6, idle_models=300, requests=200_000, renders=7, samples=SAMPLES)
QUICK = Plan(rounds=3, seconds=2, idle_models=300, requests=20_000, renders=3, samples=20_000)


@dataclass(frozen=True)
class Measuring:
    """A running server and the two ports that servers.py does not know."""

    server: Server
    management: int
    metrics: int

    def load(self, seconds: int) -> Measured:
        """One run of wrk at c=64 on `noop`."""
        return drive(Load(self.server.url("noop"), CONNECTIONS, seconds))

    def front_end_bytes(self) -> int:
        """The front end's PSS."""
        return pss_bytes(front_end(self.server.session))


@contextmanager
def started(mode: str, **more: str) -> Iterator[Measuring]:
    """A server in this metrics_mode, with `more` settings."""
    management, metrics = free_ports(2)
    settings = {
        "metrics_mode": mode,
        "management_address": f"http://127.0.0.1:{management}",
        "metrics_address": f"http://127.0.0.1:{metrics}",
        "enable_model_api": "true",
    }
    with running(servescope(), settings | more) as server:
        yield Measuring(server, management, metrics)


def measure_on_off(plan: Plan) -> dict[str, float]:
    """Rounds of load on two servers in turn, each first as often; the loss in % is of the median of the rounds' ratios."""
    ratios = []
    with started("prometheus") as on, started("off") as off:
        for each in (on, off):
            each.load(plan.seconds)  # a warm-up
        for number in range(plan.rounds):
            order = (on, off) if number % 2 == 0 else (off, on)
            rates = {each: each.load(plan.seconds).rate for each in order}
            ratios.append(rates[on] / rates[off])
    return {"on_off": 100 * (1 - statistics.median(ratios))}


def measure_scraped(plan: Plan) -> dict[str, float]:
    """Rounds of load on one server with many models: not scraped, scraped as text, scraped as Prometheus does."""
    ratios: dict[str, list[float]] = {"scraped": [], "scraped_gzip": []}
    with started("prometheus") as server:
        register(server.management, plan.idle_models)
        server.load(plan.seconds)
        for _ in range(plan.rounds):
            alone = server.load(plan.seconds).p99_ms
            for key, headers in (("scraped", PLAIN), ("scraped_gzip", AS_PROMETHEUS)):
                with scraping(server.metrics, headers) as scrapes:
                    ratios[key].append(server.load(plan.seconds).p99_ms / alone)
                _require_scrapes(scrapes, plan)
    return {key: statistics.median(found) for key, found in ratios.items()}


def _require_scrapes(scrapes: Scrapes, plan: Plan) -> None:
    if len(scrapes.sizes) < plan.seconds / 2 or not all(scrapes.sizes):
        raise VoidRunError(f"{len(scrapes.sizes)} scrapes in {plan.seconds} s, of {scrapes.sizes} bytes")


def measure_memory(plan: Plan) -> dict[str, float]:
    """What a model more takes of a front end that measures and was scraped, less what it takes of one that does not."""
    grown = {}
    for mode in ("prometheus", "off"):
        with started(mode, enable_console="false") as server:  # whose history is no series
            register(server.management, 10)  # what is made once for all
            scrape(server.metrics, PLAIN)
            before = server.front_end_bytes()
            register(server.management, plan.idle_models, first=10)
            for headers in (PLAIN, AS_PROMETHEUS):
                scrape(server.metrics, headers)
            grown[mode] = server.front_end_bytes() - before
    return {"memory": (grown["prometheus"] - grown["off"]) / plan.idle_models / 1000}


def measure_recording(plan: Plan) -> dict[str, float]:
    """See `recorded.recording_seconds`."""
    return {"recording": recording_seconds(plan.requests, plan.renders) * 1e6}


def measure_rendering(plan: Plan) -> dict[str, float]:
    """Text, OpenMetrics and protobuf of the same registry, scaled to 100 000 samples; and prometheus_client's time for text."""
    filled = Filled(plan.samples)
    scale = SAMPLES / filled.samples
    seconds, longest = filled.render_seconds(text.render, plan.renders)
    found = {"render": seconds * scale * 1e3, "slice": longest * 1e3}
    for key, render in (("openmetrics", openmetrics.render), ("protobuf", protobuf.render)):
        found[key] = filled.render_seconds(render, plan.renders)[0] * scale * 1e3
    twin = Twin(filled)
    if twin.samples != filled.samples:
        raise VoidRunError(f"prometheus_client has {twin.samples} samples of the same families, not {filled.samples}")
    found["client"] = seconds / twin.render_seconds(plan.renders)
    return found


MEASURES: tuple[tuple[frozenset[str], Callable[[Plan], dict[str, float]]], ...] = (
    (frozenset({"recording"}), measure_recording),
    (frozenset({"render", "slice", "openmetrics", "protobuf", "client"}), measure_rendering),
    (frozenset({"memory"}), measure_memory),
    (frozenset({"on_off"}), measure_on_off),
    (frozenset({"scraped", "scraped_gzip"}), measure_scraped),
)


def table(found: dict[str, float], slowness: float) -> str:
    """A Markdown table, one row a number that was measured."""
    lines = [
        f"This machine takes {slowness:.2g} × the reference's time for an observation of prometheus_client.",
        "",
        "| | measured | at the reference's speed | at most | |",
        "|---|--:|--:|--:|---|",
    ]
    for row in ROWS:
        if row.key in found:
            limit, reached, scaled = "–", "", ""
            if row.at_most is not None:
                limit, reached = f"{row.at_most:g} {row.unit}", "met" if met(row, found, slowness) else "MISSED"
            if row.absolute:
                scaled = f"{found[row.key] / slowness:.3g} {row.unit}"
            lines.append(f"| {row.title} | {found[row.key]:.3g} {row.unit} | {scaled} | {limit} | {reached} |")
    return "\n".join(lines)


def met(row: Row, found: dict[str, float], slowness: float) -> bool:
    """Whether a row keeps to its limit, if it has one and was measured."""
    if row.at_most is None or row.key not in found:
        return True
    return found[row.key] / (slowness if row.absolute else 1.0) <= row.at_most


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 all within their limits, 1 one above, 2 void or impossible to run."""
    parser = argparse.ArgumentParser(description="What Servescope's metrics cost.")
    parser.add_argument("--quick", action="store_true", help="a few short rounds")
    parser.add_argument(
        "--only", nargs="+", choices=KEYS, default=KEYS, metavar="ROW", help=f"some of: {', '.join(KEYS)}"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="so many rounds of load")
    parser.add_argument("--seconds", type=int, metavar="S", help="so many seconds of load a run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there")
    arguments = parser.parse_args(argv)
    plan = QUICK if arguments.quick else FULL
    plan = replace(plan, rounds=arguments.rounds or plan.rounds, seconds=arguments.seconds or plan.seconds)
    wanted, found = set(arguments.only), {}
    try:
        for keys, measure in MEASURES:
            if wanted & keys:
                found |= measure(plan)
    except (VoidRunError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    found = {key: value for key, value in found.items() if key in wanted}
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    slowness = client_observe_seconds(plan.renders) * 1e6 / REFERENCE_US
    print(table(found, slowness))
    return 0 if all(met(row, found, slowness) for row in ROWS) else 1


if __name__ == "__main__":
    sys.exit(main())
