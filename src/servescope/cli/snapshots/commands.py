"""`servescope snapshots list`, `show` and `restore`.

In: a folder of snapshots, the running server's or the one that LOG_LOCATION names. Out: tables or JSON; `restore` writes a copy
under the present time, which the next start goes on from. No server is asked, and none needs to run.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from servescope.cli import runfile
from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson
from servescope.config.choice import SNAPSHOTS
from servescope.config.snapshots.file import MODEL_SNAPSHOT, DamagedSnapshot, render
from servescope.config.snapshots.folder import Snapshot, SnapshotFolder, occasion_of, open_snapshot, time_of
from servescope.config.snapshots.saved import written
from servescope.errors import ConfigurationError

Logs = Annotated[
    Path | None,
    typer.Option(
        "--logs",
        metavar="DIR",
        help="The server's log directory. Default: the running server's, else LOG_LOCATION, else logs.",
    ),
]
File = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="A snapshot, by its number in the list, name or path. Default: the last that is whole."
    ),
]


@examples("servescope snapshots list", "servescope snapshots list --json")
def list_snapshots(logs: Logs = None, as_json: AsJson = False) -> None:
    """List the snapshots, the newest first."""
    folder = _folder(logs)
    rows = [_row(file) for file in folder.files()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.text import Text

    from servescope.cli.tables import console, plain_table

    table = plain_table(
        f"Snapshots in {folder.directory}", "", "file", "taken (UTC)", "at", "models", folded=("models",)
    )
    for number, row in enumerate(rows, 1):
        models = row["damage"] or ", ".join(row["models"]) or "none"
        table.add_row(str(number), row["file"], row["taken"], row["at"], Text(models))
    console().print(table)


@examples("servescope snapshots show", "servescope snapshots show 2 --json")
def show(file: File = None, logs: Logs = None, as_json: AsJson = False) -> None:
    """Show the models of a snapshot, with their workers and options."""
    found = _find(file, _folder(logs))
    saved = _open(found).models
    if as_json:
        typer.echo(written(saved))
        return
    from rich.text import Text

    from servescope.cli.tables import console, plain_table

    table = plain_table(
        str(found), "model", "version", "archive", "workers", "batch", folded=("model", "version", "archive")
    )
    for name, version, one in saved.versions():
        standing = f"{version} (default)" if one.default_version else version
        batch = f"{one.batch_size}, {one.max_batch_delay} ms"
        where = Text(one.url or one.mar_name)
        table.add_row(Text(name), Text(standing), where, f"{one.min_workers}–{one.max_workers}", batch)
    console().print(table)


@examples("servescope snapshots restore 2")
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A snapshot, by its number in the list, name or path.")],
    logs: Logs = None,
) -> None:
    """Have the next start go on from a snapshot, of which it makes a copy that is the newest."""
    folder = _folder(logs)
    _refuse_while_running(folder)
    found = _find(file, folder)
    snapshot = _open(found)
    properties = snapshot.properties
    try:
        copy = folder.write(render(properties, properties[MODEL_SNAPSHOT]), "snapshot", datetime.now(UTC))
    except OSError as error:
        raise ConfigurationError(f"{folder.directory} cannot be written to: {error.strerror}") from error
    typer.echo(
        f"The next start without --ncs goes on from {copy}, a copy of {found.name} (models: {snapshot.models.model_count})."
    )


def _folder(logs: Path | None) -> SnapshotFolder:
    running = runfile.read(runfile.location(os.environ)) if logs is None else None
    chosen = logs or (Path(running.logs) if running else Path(os.environ.get("LOG_LOCATION") or "logs"))
    return SnapshotFolder(chosen.absolute() / SNAPSHOTS)


def _refuse_while_running(folder: SnapshotFolder) -> None:
    """A server writes its own at its end, which would be newer."""
    running = runfile.read(runfile.location(os.environ))
    if running is not None and Path(running.logs) / SNAPSHOTS == folder.directory:
        raise ConfigurationError(
            f"process {running.pid} is running, and writes a newer snapshot to {folder.directory} when it ends: stop it first"
        )


def _find(file: str | None, folder: SnapshotFolder) -> Path:
    if file is None:
        newest = folder.newest().file
        if newest is None:
            raise ConfigurationError(f"there is no whole snapshot in {folder.directory}")
        return newest
    files = folder.files()
    numbered = {str(number): path for number, path in enumerate(files, 1)}
    if file in numbered:
        return numbered[file]
    for path in (folder.directory / file, Path(file)):
        if os.path.isfile(path):  # pathlib raises where a name is too long
            return path
    raise ConfigurationError(f"there is no snapshot {file!r}, neither in {folder.directory} nor here")


def _open(file: Path) -> Snapshot:
    try:
        return open_snapshot(file)
    except DamagedSnapshot as error:
        raise ConfigurationError(f"{file} is damaged: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error


def _row(file: Path) -> dict[str, Any]:
    taken = time_of(file)
    row: dict[str, Any] = {
        "file": file.name,
        "taken": "" if taken is None else f"{taken:%Y-%m-%d %H:%M:%S}",
        "at": occasion_of(file),
        "models": [],
        "damage": None,
    }
    try:
        saved = _open(file).models
    except ConfigurationError as error:
        return {**row, "damage": error.message}
    return {**row, "models": [f"{name} {version}" for name, version, _ in saved.versions()]}
