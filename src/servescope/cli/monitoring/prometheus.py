"""`servescope prometheus DIR`: configuration, recording rules and alerts for Prometheus and Alertmanager.

In: where the servers are, a file of thresholds. Out: files in a folder. Needs no running server. Run by `cli.main`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from servescope.cli.help.typed import examples
from servescope.findings.thresholds.file import read_thresholds, render_thresholds, thresholds_of
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import DEFAULT_TARGET, discovery_of
from servescope.operate.kept import kept_files, kept_target
from servescope.operate.prometheus import THRESHOLDS_FILE, prometheus_files
from servescope.operate.writer import write_files


def _print_thresholds(asked: bool) -> None:
    if asked:
        typer.echo(render_thresholds(Thresholds()), nl=False)
        raise typer.Exit


Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="Folder to write to: prometheus.yml, rules/, alertmanager.yml, thresholds.yml."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="HOST:PORT", help=f"A server's metrics address; may be repeated. Default: {DEFAULT_TARGET}."
    ),
]
FileSd = Annotated[
    str | None, typer.Option("--file-sd", metavar="GLOB", help="Find servers in files of targets instead.")
]
HttpSd = Annotated[
    str | None,
    typer.Option("--http-sd", metavar="URL", help="Ask a URL for servers instead, such as a server's /sd."),
]
ThresholdsFile = Annotated[
    Path | None,
    typer.Option(
        "--thresholds",
        metavar="FILE",
        help="Thresholds of the alerts. Default: DIR/thresholds.yml where it is there.",
    ),
]
RunbookUrl = Annotated[
    str | None,
    typer.Option(
        "--runbook-url",
        metavar="URL",
        help="Where alerts link to, instead of runbook_url of the thresholds; {instance} in it is a server's metrics address.",
    ),
]
Native = Annotated[bool, typer.Option("--native", help="Read native histograms instead of classic buckets.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite rules that are there, and prometheus.yml if servers are given (what else is configured is kept).",
    ),
]
PrintThresholds = Annotated[
    bool,
    typer.Option(
        "--print-thresholds", is_eager=True, callback=_print_thresholds, help="Print every threshold, and end."
    ),
]


@examples(
    "servescope prometheus monitoring/prometheus",
    "servescope prometheus monitoring/prometheus --target models-1:8082 \\\n    --target models-2:8082 --force",
    "servescope prometheus --print-thresholds",
)
def prometheus(
    folder: Folder,
    targets: Targets = None,
    file_sd: FileSd = None,
    http_sd: HttpSd = None,
    thresholds: ThresholdsFile = None,
    runbook_url: RunbookUrl = None,
    native: Native = False,
    force: Force = False,
    _asked: PrintThresholds = False,
) -> None:
    """Write Prometheus' and Alertmanager's configuration, with rules and alerts for this server."""
    own = folder / THRESHOLDS_FILE
    settings = _settings(thresholds if thresholds is not None else own if own.exists() else None, runbook_url)
    finds_servers = bool(targets or file_sd or http_sd)
    files = prometheus_files(
        discovery_of(tuple(targets or ()), file_sd, http_sd),
        settings,
        "native" if native else "classic",
        None if finds_servers else kept_target(folder, settings.job),
    )
    if own.exists():
        del files[THRESHOLDS_FILE]  # the operator's own by now, comments and all
    theirs = kept_files(folder, finds_servers=finds_servers) if force else frozenset()
    kept = sorted(path for path in theirs if (folder / path).read_text("utf-8") != files[path])
    for path in kept:
        del files[path]
    written = write_files(folder, files, force=force)
    told = f"; kept as yours: {', '.join(kept)}" if kept else ""
    typer.echo(f"{folder}: {len(written)} files written, {len(files) - len(written)} as they were{told}.")


def _settings(chosen: Path | None, runbook_url: str | None) -> Thresholds:
    settings = Thresholds() if chosen is None else read_thresholds(chosen)
    if runbook_url is None:
        return settings
    return replace(settings, runbook_url=thresholds_of({"runbook_url": runbook_url}, "--runbook-url").runbook_url)
