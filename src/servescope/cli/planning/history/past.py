"""A plan from history, or a plan held against it: in, a Prometheus; out, tables or JSON. Called by `command`."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from servescope.cli.planning.asked.options import read_words
from servescope.cli.planning.history.prometheus import read_hours
from servescope.cli.planning.show import span_text
from servescope.cli.tables import plain_table
from servescope.errors import ConfigurationError
from servescope.planner.history.check import Verdict, check
from servescope.planner.history.outlook import FULL, Outlook, look_ahead
from servescope.planner.objective import Objective


def show_outlook(url: str, model: str, days: int, ca_file: str | None, *, as_json: bool) -> None:
    """What the history says, on standard output."""
    found = look_ahead(model, read_hours(url, model, days, time.time(), ca_file=ca_file))
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
        return
    rows = outlook_rows(found)
    rows += [("note", remark) for remark in found.remarks]
    _print(f"History of {model}: {found.hours} hours", rows)


def show_check(url: str, file: Path, model: str | None, days: int, ca_file: str | None, *, as_json: bool) -> bool:
    """Predicted beside observed; whether nothing speaks against the plan.

    Raises:
        ConfigurationError: it is no plan, or one of another model; or there is no history of its model and version.
    """
    plan = read_plan(file)
    name, version, objective = str(plan["model"]), plan.get("version"), _objective(plan)
    if model is not None and model != name:
        raise ConfigurationError(f"--check {str(file)!r} is a plan of {name!r}, not of {model!r}")
    hours = read_hours(url, name, days, time.time(), objective=objective, version=version, ca_file=ca_file)
    if not hours:
        which = name if version is None else f"{name} {version}"
        raise ConfigurationError(f"--check {str(file)!r}: in {days} days, Prometheus has no hour of {which}")
    verdict = check(plan, objective.limit_s, hours)
    if as_json:
        print(json.dumps({**asdict(verdict), "verdict": verdict.words}, indent=2))
    else:
        _print(f"The plan for {name}: {plan['objective']}", verdict_rows(verdict))
    return verdict.below_kept == verdict.below


def read_plan(file: Path) -> dict[str, Any]:
    """Raises ConfigurationError, which names the file."""
    text = read_words("--check", file)
    try:
        found = json.loads(text)
        _ = found["model"], found["objective"], _objective(found)
        return dict(found)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"--check {str(file)!r} is no plan of `servescope plan --json`") from error


def _objective(plan: dict[str, Any]) -> Objective:
    return Objective(float(plan["share"]), float(plan["limit_s"]), plan.get("of", "latency"))


def outlook_rows(found: Outlook) -> list[tuple[str, str]]:
    """What and figure."""
    rows = [("busiest hours", ", ".join(f"{day(at, hour=True)} ({rate:.3g}/s)" for at, rate in found.busiest))]
    known = {name: value for name, value in found.correlations.items() if value is not None}
    rows.append(
        ("goes with the rate", ", ".join(f"{name} {value:.2f}" for name, value in known.items()) or "not known")
    )
    if found.ceiling is not None:
        rows.append(("ceiling", f"{found.ceiling:.3g} requests/s: {found.limit} {100 * FULL:.0f} % in use then"))
    if found.growth_per_day is not None:
        rows.append(("growth", f"{found.growth_per_day:+.3g} requests/s a day"))
    if found.ceiling is not None and found.growth_per_day is not None:
        rows.append(
            ("meets the ceiling", f"{day(found.meets)} ({' to '.join(day(one) for one in found.meets_interval)}, 95 %)")
        )
    if found.workers_needed is not None:
        rows.append(("workers", sized(found.workers_now or 0, found.workers_needed)))
    return rows


def sized(now: float, needed: int) -> str:
    """Whether there are too many, too few, or as many as there should be."""
    verdict = "too many" if needed < round(now) else "too few" if needed > round(now) else "as many as it takes"
    return f"{now:.3g} now, {needed} for the busiest hour: {verdict}"


def verdict_rows(found: Verdict) -> list[tuple[str, str]]:
    """What and figure."""
    observed = [
        f"kept up to {found.highest_kept:.3g}" if found.highest_kept is not None else "never kept",
        f"broken from {found.lowest_broken:.3g} on" if found.lowest_broken is not None else "never broken",
    ]
    rate = "not known" if found.predicted is None else f"{found.predicted:.3g}"
    return [
        ("predicted", f"{rate} requests/s a worker ({span_text(*found.interval)}, 95 %)"),
        ("observed", ", ".join(observed)),
        ("verdict", found.words),
    ]


def day(at_s: int | None, *, hour: bool = False) -> str:
    """2026-12-24, in UTC, with the hour if that matters."""
    if at_s is None:
        return "not in two years"
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M" if hour else "%Y-%m-%d")


def _print(title: str, rows: list[tuple[str, str]]) -> None:
    table = plain_table(title, "what", "figure", folded=("figure",))
    for what, figure in rows:
        table.add_row(what, Text(figure))
    Console(highlight=False, soft_wrap=True).print(table)
