"""`servescope grafana DIR`: boards for Grafana, and the files with which Grafana finds them and Prometheus.

In: the form of the histograms, where Prometheus and the traces are. Out: files in a folder. Needs no running server. Run by
`cli.main`.
"""

from pathlib import Path
from typing import Annotated

import typer

from servescope.cli.help.typed import examples
from servescope.operate.grafana.provisioning import BOARDS_PATH, TRACES_URL, UID, URL, sources
from servescope.operate.writer import write_files


@examples(
    "servescope grafana monitoring/grafana",
    "servescope grafana monitoring/grafana --native --force",
)
def grafana(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write to: dashboards/*.json and provisioning/.")
    ],
    native: Annotated[
        bool, typer.Option("--native", help="Read native histograms instead of classic buckets, as in `prometheus`.")
    ] = False,
    datasource_uid: Annotated[
        str,
        typer.Option("--datasource-uid", metavar="UID", help="Grafana's uid of the Prometheus data source."),
    ] = UID,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where Grafana reaches Prometheus.")] = URL,
    traces_url: Annotated[
        str, typer.Option("--traces-url", metavar="URL", help="Where Grafana reaches Tempo, for exemplars.")
    ] = TRACES_URL,
    boards_path: Annotated[
        str, typer.Option("--boards-path", metavar="PATH", help="Where Grafana's machine has DIR/dashboards.")
    ] = BOARDS_PATH,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Write boards for Grafana, and provisioning for them and their data source."""
    given = sources(datasource_uid, url, traces_url, boards_path)
    # Grafana's models take a while to import, and no other command needs them.
    from servescope.operate.grafana.files import grafana_files

    files = grafana_files("native" if native else "classic", given)
    written = write_files(folder, files, force=force)
    typer.echo(f"{folder}: {len(written)} files written, {len(files) - len(written)} as they were.")
