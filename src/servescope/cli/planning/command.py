"""`servescope plan MODEL --slo p99=200ms --rps 300`: how many workers and machines a rate takes, by the server's own measurements.

In: options; a running server. Out: the plan alone on standard output, as a table or JSON; what goes on, on standard error.
Run by `cli.main`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import typer

from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson, CaFile, Token
from servescope.cli.planning.asked.how import Live
from servescope.cli.planning.asked.modes import refuse_others
from servescope.cli.planning.asked.options import (
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
    refuse_unwritable,
)
from servescope.cli.planning.sending.prompts import Prompts, read_prompts
from servescope.config.temporary import temporary_directory
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
    context: typer.Context,
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
    kind = _kind(from_prometheus, check, measured)
    refuse_others(kind, _given(context))
    if from_prometheus is not None:
        _past(from_prometheus, _named(model, model_option), days, check, ca_file, as_json)
        return
    if captured:
        raise typer.BadParameter(
            "--captured: the server keeps no payloads; give --payload FILE, or --input-tokens and --output-tokens"
        )
    prompts = read_prompts(input_tokens, output_tokens, trace, payload, seed)
    if rps is None:
        rps = prompts.busiest
    for name, value in (("MODEL", model), ("--slo", slo), ("--rps", rps)):
        if value is None:
            raise typer.BadParameter(f"{name} is missing; without it a plan can only be made --from-prometheus")
    asked = Asked(str(model), parse_objective(str(slo)), float(rps or 0), availability, read_headroom(headroom), price)
    if html is not None:
        refuse_unwritable(html)
    if measured:
        _from_files(measured, asked, prompts, html, as_json)
        return
    counts, batches = read_sweep(sweep or ())
    if batches and not shadow:
        raise typer.BadParameter(
            "--sweep batch=…: a model keeps its batch size once it is registered; add --shadow, for a copy"
        )
    live = Live(
        tuple(payload or ()),
        version,
        read_budget(budget),
        counts,
        yes,
        shadow,
        read_path(path, shadow),
        seed,
        prompts.lengths,
        batches,
    )
    from servescope.cli.planning.live import plan_live
    from servescope.cli.planning.server.site import find_site

    site = find_site(url, token, inference_token, ca_file)
    _tell(plan_live(site, asked, live, temporary_directory(os.environ)), html, as_json)


def _kind(from_prometheus: str | None, check: Path | None, measured: Sequence[str] | None) -> str:
    """A key of `KINDS`."""
    if from_prometheus is not None:
        return "--from-prometheus" if check is None else "--check"
    if check is not None:
        raise typer.BadParameter("--check needs --from-prometheus")
    return "--measured" if measured else "a plan from loads"


def _given(context: typer.Context) -> list[tuple[str, str]]:
    """What stands on the command line, by its name and as it is written."""
    return [
        (str(one.name), one.opts[0])
        for one in context.command.params
        if (source := context.get_parameter_source(str(one.name))) is not None and source.name == "COMMANDLINE"
    ]


def _named(model: str | None, option: str | None) -> str | None:
    if model is not None and option is not None and model != option:
        raise typer.BadParameter(f"MODEL {model!r} and --model {option!r} are two models: give one")
    return model if option is None else option


def _from_files(measured: Sequence[str], asked: Asked, prompts: Prompts, html: Path | None, as_json: bool) -> None:
    from servescope.cli.planning.measured import plan_measured

    if prompts.lengths:
        raise typer.BadParameter("--trace has no effect with --measured, which sends nothing, but for its minutes")
    _tell(plan_measured(measured, asked), html, as_json)


def _tell(found: Plan, html: Path | None, as_json: bool) -> None:
    """The plan, and nothing else. Raises Exit where nothing keeps the objective, or the client was the limit."""
    from servescope.cli.planning.show import show, write_page

    if html is not None:
        write_page(found, html)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        show(found)
    if not found.goodput_per_worker:
        raise typer.Exit(1)


def _past(url: str, model: str | None, days: int, check: Path | None, ca_file: str | None, as_json: bool) -> None:
    """From history, and nothing else."""
    from servescope.cli.planning.history.past import show_check, show_outlook

    if check is not None:
        if not show_check(url, check, model, days, ca_file, as_json=as_json):
            raise typer.Exit(1)
        return
    if model is None:
        raise typer.BadParameter("MODEL or --model is missing: whose history?")
    show_outlook(url, model, days, ca_file, as_json=as_json)
