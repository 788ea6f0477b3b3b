"""`servescope simulate`: policies that decide how many workers there are, tried out on a trace in virtual time.

In: a trace or a pattern, service times, how long a worker takes to load. Out: a table or JSON, and a picture in a folder.
Needs no running server. Run by `cli.main`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from servescope.autoscaler.simulator.arrivals.arrivals import Arrivals
from servescope.autoscaler.simulator.arrivals.patterns import NAMES as PATTERNS
from servescope.autoscaler.simulator.arrivals.patterns import Pattern, make_arrivals
from servescope.autoscaler.simulator.arrivals.traces import read_trace
from servescope.autoscaler.simulator.compare import NAMES, Comparison, compare
from servescope.autoscaler.simulator.plot import FILES, MARK, picture, read_matplotlib
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Load, Terms
from servescope.autoscaler.simulator.services import ServiceTimes, service_times
from servescope.cli.folders import OwnFolder
from servescope.cli.help.typed import examples
from servescope.cli.options import number, whole
from servescope.errors import ConfigurationError

_RATE, _DURATION_S = 10.0, 3600.0
_OBJECTIVE_IN_MEDIANS = 5.0
_MOST_WORKERS = 1000

Trace = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="FILE",
        help="Arrivals: CSV with a column arrival_s or minute,requests, or JSON lines with timestamp in ms.",
    ),
]
PatternName = Annotated[
    str | None,
    typer.Option("--pattern", metavar="|".join(PATTERNS), help="Arrivals that are made up, instead of a trace."),
]
Burstiness = Annotated[
    float | None,
    typer.Option(
        "--burstiness",
        parser=number(1, 1000),
        metavar="B",
        help="The rate that a request finds on average, over the mean rate: of bursty (4), and within the minutes of"
        " counts a minute (as bursty as the minutes are).",
    ),
]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", parser=number(1e-3, 1e5), metavar="R", help="Requests a second of a pattern. Default: 10."),
]
Duration = Annotated[
    float | None,
    typer.Option(
        "--duration-s", parser=number(1, 604800), metavar="S", help="How long a pattern lasts. Default: 3600."
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", parser=whole(0), metavar="N", help="The same seed makes the same requests.")
]
ServiceTime = Annotated[
    str,
    typer.Option(
        "--service-time",
        metavar="lognormal:MEDIAN_S,SIGMA|constant:S|histogram:FILE",
        help="Seconds that a worker takes for a request. FILE: le,count as CSV, or a page of /metrics.",
    ),
]
LoadTime = Annotated[
    float,
    typer.Option("--load-time", parser=number(0, 86400), metavar="S", help="Seconds until a new worker takes work."),
]
MinWorkers = Annotated[
    int, typer.Option("--min-workers", parser=whole(1, 10000), metavar="N", help="Fewest workers; all start with them.")
]
MaxWorkers = Annotated[int, typer.Option("--max-workers", parser=whole(1, 10000), metavar="N", help="Most workers.")]
BatchSize = Annotated[
    int, typer.Option("--batch-size", parser=whole(1, 10000), metavar="N", help="Requests that a worker takes at once.")
]
MaxBatchDelay = Annotated[
    float,
    typer.Option(
        "--max-batch-delay", parser=number(0, 1e6), metavar="MS", help="Milliseconds to wait for a full batch."
    ),
]
PolicyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--policy", metavar="NAME", help=f"A policy; may be repeated. Default: all, which are {', '.join(NAMES)}."
    ),
]
Objective = Annotated[
    float | None,
    typer.Option(
        "--slo-ms",
        parser=number(1e-3, 1e8),
        metavar="L",
        help="The objective: milliseconds that a request may take. Default: five times the median service time.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for simulation.png and .svg, which needs matplotlib."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Write to a folder that has files, over pictures of earlier simulations.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@examples(
    "servescope simulate --pattern step --service-time lognormal:0.2,0.5 \\\n    --load-time 10",
    "servescope simulate --pattern bursty --burstiness 8 \\\n    --service-time constant:0.05 --load-time 2 --slo-ms 200 --json",
)
def simulate(
    service_time: ServiceTime,
    load_time: LoadTime,
    trace: Trace = None,
    pattern: PatternName = None,
    burstiness: Burstiness = None,
    rate: RateOption = None,
    duration_s: Duration = None,
    seed: Seed = 1,
    min_workers: MinWorkers = 1,
    max_workers: MaxWorkers = _MOST_WORKERS,
    batch_size: BatchSize = 1,
    max_batch_delay: MaxBatchDelay = 0,
    policies: PolicyNames = None,
    slo_ms: Objective = None,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Try out policies for the number of workers on a trace or a pattern, in virtual time."""
    if min_workers > max_workers:
        raise ConfigurationError(f"--min-workers {min_workers} is more than --max-workers {max_workers}")
    names = _names(policies)
    pictures = None if out is None else OwnFolder(out, MARK, "a simulation")
    if pictures is not None:
        pictures.check(FILES, force=force)
        read_matplotlib()
    times = service_times(service_time)
    load = _load(_Source(trace, pattern, burstiness, rate, duration_s, seed), times)
    objective_s = _OBJECTIVE_IN_MEDIANS * times.median_s if slo_ms is None else slo_ms / 1000
    terms = Terms(PoolOptions(load_time, batch_size, max_batch_delay / 1000), objective_s, min_workers, max_workers)
    comparison = compare(load, terms, names, bounded=not as_json)
    if pictures is not None:
        pictures.write(picture(load, terms, comparison))
    if as_json:
        typer.echo(json.dumps({"policies": [asdict(score) for score in comparison.scores]}, indent=2))
    else:
        _show(load, terms, comparison)


@dataclass(frozen=True)
class _Source:
    """What was said of the arrivals."""

    trace: Path | None
    pattern: str | None
    burstiness: float | None
    rate: float | None
    duration_s: float | None
    seed: int


def _names(given: Sequence[str] | None) -> tuple[str, ...]:
    names = [name.strip() for one in given or [",".join(NAMES)] for name in one.split(",")]
    for name in names:
        if name not in NAMES:
            raise ConfigurationError(f"--policy {name!r} is none of {', '.join(NAMES)}")
    return tuple(names)


def _load(source: _Source, times: ServiceTimes) -> Load:
    arrivals = _arrivals(source)
    if not arrivals.at:
        raise ConfigurationError(
            f"--pattern {source.pattern}: no request came of it; --rate or --duration-s is too small for --seed {source.seed}"
        )
    return Load(arrivals.at, times.of(len(arrivals.at), source.seed), arrivals.end_s)


def _arrivals(source: _Source) -> Arrivals:
    """Of the trace or the pattern, one of which has to be given."""
    if (source.trace is None) == (source.pattern is None):
        given = "neither is" if source.trace is None else f"--trace {source.trace} and --pattern {source.pattern} are"
        raise ConfigurationError(f"--trace or --pattern has to be given, and not both: {given} given")
    if source.trace is not None:
        for option, value in (("--rate", source.rate), ("--duration-s", source.duration_s)):
            if value is not None:
                raise ConfigurationError(f"{option} {value:g} is for --pattern, and --trace {source.trace} is given")
        return read_trace(source.trace, source.seed, source.burstiness)
    if source.pattern not in PATTERNS:
        raise ConfigurationError(f"--pattern {source.pattern!r} is none of {', '.join(PATTERNS)}")
    rate = _RATE if source.rate is None else source.rate
    duration_s = _DURATION_S if source.duration_s is None else source.duration_s
    return make_arrivals(Pattern(source.pattern, rate, duration_s, source.seed, source.burstiness))


def _show(load: Load, terms: Terms, comparison: Comparison) -> None:
    from rich.console import Console

    from servescope.cli.scaling.scores import remark, scores_table

    console = Console(highlight=False)
    title = (
        f"{len(load.arrivals):,} requests in {load.end_s:,.0f} s, {terms.pool.load_s:g} s to load,"
        f" objective {1000 * terms.objective_s:g} ms"
    )
    console.print(scores_table(comparison, title))
    console.print(remark(comparison))
