"""`servescope plan MODEL --slo p99=200ms --rps 300`: how many workers and machines a rate takes, by the server's own measurements.

In: options; a running server. Out: the plan alone on standard output, as a table or JSON; what goes on, on standard error.
Run by `cli.main`.
"""

import json
from pathlib import Path

import typer

from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson, CaFile, Token
from servescope.cli.planning.how import Live
from servescope.cli.planning.options import (
    Availability,
    Budget,
    Captured,
    Check,
    Days,
    FromPrometheus,
    Headroom,
    Html,
    InferenceToken,
    InputTokens,
    MeasuredFiles,
    Model,
    ModelOption,
    OutputTokens,
    Payload,
    Price,
    RequestPath,
    Rps,
    Seed,
    Shadow,
    Slo,
    Sweep,
    TraceFile,
    Url,
    VersionOption,
    Yes,
    read_budget,
    read_headroom,
    read_path,
    read_sweep,
)
from servescope.cli.planning.prompts import read_prompts
from servescope.planner.objective import parse_objective
from servescope.planner.plan.plan import Asked, Plan


@examples(
    "servescope plan digits --slo p99=200ms --rps 300 --payload seven.png",
    "servescope plan digits --slo p95=80ms --rps 50 --sweep 1,2,4 --budget 10m \\\n    --headroom N+1 --json",
    "servescope plan gpt --slo ttft_p95=300ms --rps 4 \\\n    --input-tokens lognormal:800,0.9 --output-tokens uniform:16,256",
    "servescope plan gpt --slo ttft_p95=300ms --rps 40 \\\n    --measured 4rps.json --measured 8rps.json",
    "servescope plan --from-prometheus http://127.0.0.1:9090 --model digits",
    "servescope plan --from-prometheus http://127.0.0.1:9090 --check plan.json",
)
def plan(
    model: Model = None,
    slo: Slo = None,
    rps: Rps = None,
    availability: Availability = None,
    payload: Payload = None,
    input_tokens: InputTokens = None,
    output_tokens: OutputTokens = None,
    trace: TraceFile = None,
    measured: MeasuredFiles = None,
    captured: Captured = False,
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
    if captured:
        raise typer.BadParameter(
            "--captured: the server keeps no payloads; give --payload FILE, or --input-tokens and --output-tokens"
        )
    if from_prometheus is not None:
        if measured:
            raise typer.BadParameter("--measured and --from-prometheus are two plans: give one")
        _past(from_prometheus, model_option or model, days, check, as_json)
        return
    prompts = read_prompts(input_tokens, output_tokens, trace, payload, seed)
    if rps is None:
        rps = prompts.busiest
    for name, value in (("MODEL", model), ("--slo", slo), ("--rps", rps)):
        if value is None:
            raise typer.BadParameter(f"{name} is missing; without it a plan can only be made --from-prometheus")
    if check is not None:
        raise typer.BadParameter("--check needs --from-prometheus")
    asked = Asked(str(model), parse_objective(str(slo)), float(rps or 0), availability, read_headroom(headroom), price)
    counts, batches = read_sweep(sweep or ())
    if batches and not shadow:
        raise typer.BadParameter(
            "--sweep batch=…: a model keeps its batch size once it is registered; add --shadow, for a copy"
        )
    budget_s = read_budget(budget)
    live = Live(
        tuple(payload or ()),
        version,
        budget_s,
        counts,
        yes,
        shadow,
        read_path(path, shadow),
        seed,
        prompts.lengths,
        batches,
    )
    if measured:
        _nothing_is_sent(live, url)
        from servescope.cli.planning.measured import plan_measured

        _tell(plan_measured(measured, asked), html, as_json)
        return
    from servescope.cli.planning.live import plan_live
    from servescope.cli.planning.server.site import find_site

    _tell(plan_live(find_site(url, token, inference_token, ca_file), asked, live), html, as_json)


def _nothing_is_sent(live: Live, url: str | None) -> None:
    """With --measured, what says how to send would have no effect."""
    given = {
        "--payload": live.payloads,
        "--input-tokens, or --trace": live.lengths,
        "--path": live.path,
        "--sweep": live.counts or live.batches,
        "--shadow": live.shadow,
        "--yes": live.yes,
        "--version": live.version,
        "--url": url,
    }
    for name, value in given.items():
        if value:
            raise typer.BadParameter(f"{name} has no effect with --measured, which sends nothing")


def _tell(found: Plan, html: Path | None, as_json: bool) -> None:
    """The plan, and nothing else. Raises Exit where there is none."""
    from servescope.cli.planning.show import show, write_page

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
    from servescope.cli.planning.history.past import show_check, show_outlook

    if check is not None:
        if not show_check(url, check, model, days, as_json=as_json):
            raise typer.Exit(1)
        return
    if model is None:
        raise typer.BadParameter("MODEL or --model is missing: whose history?")
    show_outlook(url, model, days, as_json=as_json)
