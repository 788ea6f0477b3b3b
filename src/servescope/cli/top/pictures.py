"""What `top` shows: in, the console's documents; out, Rich renderables.

Names, texts and tracebacks are anybody's: text, never markup, nor signs that a terminal obeys. Called by `command` for `--once`,
and by `app`. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from servescope.cli.top.words import line, plain, rate, seconds, share, short, size

Json = Mapping[str, Any]
LINE: Final = 20
MOST_FINDINGS: Final = 12
COLUMNS: Final = ("model", "state", "req/s", "5xx", "p50", "p99", "queue", "workers", "last ten minutes")
_STATES: Final = {
    "ready": "green",
    "failed": "bold red",
    "given_up": "bold red",
    "loading": "yellow",
    "waking": "yellow",
}
_SEVERITIES: Final = {"page": "bold red", "ticket": "yellow"}


def overview(document: Json) -> RenderableType:
    """A screen's worth of the server."""
    return Group(head(document), findings(document["findings"]), models(document["models"]), machine(document))


def head(document: Json) -> Text:
    """Which server, and since when."""
    server = document["server"]
    text = Text(f"Servescope {server['version']} ", style="bold")
    text.append(f"on {server['hostname']}, process {server['pid']}, up {seconds(server['uptime_s'])}", style="not bold")
    if server["draining"]:
        text.append("  stopping", style="bold red")
    return text


def findings(found: Sequence[Json]) -> Text:
    """What is wrong, the worst first."""
    if not found:
        return Text("Nothing is wrong that this server can see.", style="green")
    text, first = Text(), [one for one in found if one["behind"] is None]
    for one in first[:MOST_FINDINGS]:
        text.append(f"{one['severity']:6} ", style=_SEVERITIES.get(one["severity"], ""))
        text.append(plain(one["summary"]))
        text.append(f"  {one['standing']}\n", style="dim")
    if len(first) > MOST_FINDINGS:
        text.append(f"and {len(first) - MOST_FINDINGS} more\n", style="dim")
    if len(found) > len(first):
        text.append(f"and what follows from these: {len(found) - len(first)}\n", style="dim")
    text.rstrip()
    return text


def row(card: Json, widest: int | None = None) -> tuple[Text, ...]:
    """A model's, in the order of COLUMNS. `widest`: signs of its name that are shown, where not all of them are."""
    workers, queue = card["workers"], card["queue"]
    able = workers["states"].get("ready", 0) + workers["states"].get("busy", 0)
    cells = (
        rate(card["rate"]), share(card["error_ratio"]), seconds(card["p50"]), seconds(card["p99"]),
        f"{queue['depth'] or 0:.0f}", f"{able}/{workers['wanted'] or 0:.0f}", line(card["lines"]["rate"], LINE),
    )  # fmt: skip
    name = Text(plain(f"{short(card['name'], widest)} {card['version']}"))
    return (name, Text(card["state"], style=_STATES.get(card["state"], "dim")), *map(Text, cells))


def models(cards: Sequence[Json]) -> Table:
    """One a line."""
    table = _table("", *COLUMNS)
    for card in cards:
        table.add_row(*row(card))
    return table


def machine(document: Json) -> Text:
    """Host, GPUs, the server's own process."""
    host = document["host"]
    front = host["front_end"]
    where = "container" if host["in_container"] else "machine"
    text = Text(f"cpu {share(host['cpu_ratio'])}  memory of the {where} {share(host['memory_ratio'])}")
    text.append(f"  front end: cpu {share(front['cpu_ratio'])}, {size(front['memory_bytes'])}")
    for gpu in document["gpus"]:
        used = f"{size(gpu['memory_used_bytes'])} of {size(gpu['memory_total_bytes'])}"
        text.append(f"\nGPU {gpu['device']} {gpu['name']}: {share(gpu['utilization_ratio'])}, {used}")
    return text


def model(page: Json) -> RenderableType:
    """One model version."""
    title = Text(plain(f"{page['name']} {page['version']}  "), style="bold")
    title.append(page["state"], style=_STATES.get(page["state"], "dim"))
    parts: list[RenderableType] = [title, findings(page["findings"]), models([page]), _stages(page), _workers(page)]
    if page["llm"] is not None:
        parts.append(_language_model(page["llm"]))
    if page["autoscaler"] is not None:
        parts.append(_decisions(page["autoscaler"]))
    return Group(*parts, failures(page["failures"], 5), _slowest(page["slowest"]))


def _stages(page: Json) -> Text:
    spent = {stage: value for stage, value in page["stages"].items() if value}
    return Text("where the time goes: " + ", ".join(f"{stage} {seconds(value)}" for stage, value in spent.items()))


def _workers(page: Json) -> Table:
    table = _table("workers", "worker", "state", "pid", "memory", "cpu", "busy", "at its batch")
    for one in page["worker_list"]:
        used = (size(one["memory_bytes"]), share(one["cpu_ratio"]), share(one["busy_ratio"]), seconds(one["batch_s"]))
        table.add_row(*_cells(one["name"], one["state"], str(one["pid"] or ""), *used))
    return table


def _language_model(figures: Json) -> Text:
    first, gap = figures["ttft"], figures["itl"]
    return Text(
        f"first token p50 {seconds(first['p50'])}, p99 {seconds(first['p99'])}; between tokens {seconds(gap['p50'])};"
        f" {rate(figures['tokens_per_s']['generation'])} tokens/s; running {figures['running']:.0f},"
        f" waiting {figures['waiting']:.0f}; cache {share(figures['kv_cache_ratio'])}"
    )


def _decisions(autoscaler: Json) -> Text:
    text = Text(f"autoscaler ({autoscaler['mode']}): {autoscaler['applied']} workers\n")
    for one in list(autoscaler["decisions"])[-3:]:
        text.append(plain(f"  {one['at']} {one['words']}\n"))
    text.rstrip()
    return text


def failures(found: Json, most: int, *, traced: bool = False) -> RenderableType:
    """The last ones. `traced`: with their tracebacks."""
    table = _table("failures", "when", "code", "worker", "request", "what")
    for one in found["failures"][:most]:
        what = (one["traceback"] if traced else None) or one["message"] or one["what"]
        when = datetime.fromtimestamp(one["at"]).strftime("%H:%M:%S")
        table.add_row(*_cells(when, str(one["code"]), one["worker"], one["request_id"] or "", what))
    return Group(table, Text(found["withheld"], style="dim")) if found["withheld"] else table


def _slowest(found: Json) -> Table:
    table = _table("slowest", "took", "request", "worker", "where the time went")
    for one in found["slowest"][:5]:
        stages = ", ".join(f"{stage} {seconds(value)}" for stage, value in one["stages"].items() if value > 1e-4)
        table.add_row(*_cells(seconds(one["duration_s"]), one["id"] or "", one["worker"], stages))
    return table


def _cells(*texts: str) -> list[Text]:
    return [Text(plain(text)) for text in texts]


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=0 < number < len(columns) - 1)
    return table
