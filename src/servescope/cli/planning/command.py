"""`servescope plan MODEL --slo p99=200ms --rps 300`: how many workers and machines a rate takes, by the server's own measurements.

In: options; a running server. Out: the plan alone on standard output, as a table or JSON; what goes on, on standard error.
Run by `cli.main`.
"""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson, CaFile, Token, number, whole
from servescope.errors import ConfigurationError
from servescope.planner.objective import parse_objective
from servescope.planner.plan.plan import Asked

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_LEAST_BUDGET_S, _MOST_BUDGET_S = 30.0, 86400.0
_MOST_WORKERS = 1000

Model = Annotated[str | None, typer.Argument(metavar="MODEL", help="The model's name.")]
Slo = Annotated[
    str | None,
    typer.Option("--slo", metavar="P=TIME", help="The objective, as p99=200ms: a share of requests, and a time."),
]
Rps = Annotated[
    float | None, typer.Option("--rps", parser=number(1e-3, 1e7), metavar="R", help="Requests a second to plan for.")
]
Availability = Annotated[
    float | None,
    typer.Option(
        "--availability", parser=number(50, 99.9999), metavar="PERCENT", help="Share of requests without an error."
    ),
]
Payload = Annotated[
    list[Path] | None,
    typer.Option(
        "--payload", metavar="FILE", help="A body to send; may be repeated, and is sent in turn. Default: none."
    ),
]
RequestPath = Annotated[
    str | None,
    typer.Option(
        "--path",
        metavar="PATH",
        help="Where to send, as /v1/completions with payloads that stream. Default: /predictions/MODEL.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Any port of the server, as http://host:port. Default: the running one."),
]
VersionOption = Annotated[
    str | None, typer.Option("--version", metavar="VERSION", help="A version. Default: the default version.")
]
Headroom = Annotated[
    str, typer.Option("--headroom", metavar="N+K", help="Machines that may be away without harm, as N+1.")
]
Price = Annotated[
    float | None,
    typer.Option("--price-per-hour", parser=number(0, 1e9), metavar="P", help="What a machine costs an hour."),
]
Sweep = Annotated[
    str | None,
    typer.Option(
        "--sweep", metavar="N,N…", help="Counts of workers to measure, as 1,2,4. Each takes the budget's part."
    ),
]
Budget = Annotated[
    str, typer.Option("--budget", metavar="TIME", help="For all loads together, from 30s to 24h, as 240s or 10m.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Load the model although it, or the machine, has traffic.")]
Shadow = Annotated[
    bool, typer.Option("--shadow", help="Load a copy that is registered for it, and unregistered again.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed sends at the same moments.")]
InferenceToken = Annotated[
    str | None,
    typer.Option(
        "--inference-token", metavar="KEY", help="Inference token. Default: the one in key_file.json, if there is one."
    ),
]

FromPrometheus = Annotated[
    str | None,
    typer.Option(
        "--from-prometheus", metavar="URL", help="Plan from what Prometheus has kept; nothing is sent to a model."
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The same as MODEL, with --from-prometheus.")
]
Days = Annotated[
    int, typer.Option("--days", parser=whole(1, 400), metavar="N", help="How many days of history to read.")
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the plan with its charts too, as one HTML file.")
]
Check = Annotated[
    Path | None,
    typer.Option("--check", metavar="FILE", help="Hold a plan that --json has printed against the history."),
]


@examples(
    "servescope plan digits --slo p99=200ms --rps 300 --payload seven.png",
    "servescope plan digits --slo p95=80ms --rps 50 --sweep 1,2,4 --budget 10m \\\n    --headroom N+1 --json",
    "servescope plan --from-prometheus http://127.0.0.1:9090 --model digits",
    "servescope plan --from-prometheus http://127.0.0.1:9090 --check plan.json",
)
def plan(
    model: Model = None,
    slo: Slo = None,
    rps: Rps = None,
    availability: Availability = None,
    payload: Payload = None,
    path: RequestPath = None,
    headroom: Headroom = "N+0",
    price: Price = None,
    sweep: Sweep = None,
    budget: Budget = "240s",
    yes: Yes = False,
    shadow: Shadow = False,
    seed: Seed = 1,
    version: VersionOption = None,
    from_prometheus: FromPrometheus = None,
    model_option: ModelOption = None,
    days: Days = 14,
    check: Check = None,
    html: Html = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    inference_token: InferenceToken = None,
    ca_file: CaFile = None,
) -> None:
    """Measure how much a model can serve within an objective, and plan workers and machines for a rate."""
    if from_prometheus is not None:
        _past(from_prometheus, model_option or model, days, check, as_json)
        return
    for name, value in (("MODEL", model), ("--slo", slo), ("--rps", rps)):
        if value is None:
            raise typer.BadParameter(f"{name} is missing; without it a plan can only be made --from-prometheus")
    if check is not None:
        raise typer.BadParameter("--check needs --from-prometheus")
    if path is not None and (shadow or not re.fullmatch(r"/[!-~]*", path)):
        why = "--shadow has a path of its own" if shadow else "it is no path of a URL"
        raise typer.BadParameter(f"--path {path!r}: {why}")
    asked = Asked(str(model), parse_objective(str(slo)), float(rps or 0), availability, read_headroom(headroom), price)
    counts = read_counts(sweep)
    budget_s = read_budget(budget)
    from servescope.cli.planning.live import Live, plan_live
    from servescope.cli.planning.show import show, write_page
    from servescope.cli.planning.site import find_site

    live = Live(tuple(payload or ()), version, budget_s, counts, yes, shadow, path, seed)
    found = plan_live(find_site(url, token, inference_token, ca_file), asked, live)
    if html is not None:
        write_page(found, html)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        show(found)
    if found.nearest is not None:
        raise typer.Exit(1)


def _past(url: str, model: str | None, days: int, check: Path | None, as_json: bool) -> None:
    """From history, and nothing else."""
    from servescope.cli.planning.past import show_check, show_outlook

    if check is not None:
        if not show_check(url, check, model, days, as_json=as_json):
            raise typer.Exit(1)
        return
    if model is None:
        raise typer.BadParameter("MODEL or --model is missing: whose history?")
    show_outlook(url, model, days, as_json=as_json)


def read_headroom(text: str) -> int:
    """`N+1` → 1."""
    match = re.fullmatch(r"[nN]\+(\d{1,3})", text)
    if match is None:
        raise ConfigurationError(f"--headroom {text!r} is not of the form N+1")
    return int(match[1])


def read_counts(text: str | None) -> tuple[int, ...]:
    """`1,2,4`, each once, in order."""
    if text is None:
        return ()
    words = text.split(",")
    if not all(word.strip().isdecimal() and 1 <= int(word) <= _MOST_WORKERS for word in words):
        raise ConfigurationError(f"--sweep {text!r} is no list of counts from 1 to {_MOST_WORKERS}, as 1,2,4")
    return tuple(sorted({int(word) for word in words}))


def read_budget(text: str) -> float:
    """`240s`, `4m`; in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?", text)
    seconds = float(match[1]) * _UNITS[match[2] or ""] if match else 0.0
    if not _LEAST_BUDGET_S <= seconds <= _MOST_BUDGET_S:
        raise ConfigurationError(f"--budget {text!r} is no time from {_LEAST_BUDGET_S:g}s to 24h")
    return seconds
