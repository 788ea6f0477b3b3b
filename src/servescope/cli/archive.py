"""`servescope archive`: torch-model-archiver's options in, an archive on disk and one line on standard output out.

`cli.main` runs `archive`; all the work is `servescope.archive.packing.writer`'s.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from servescope.archive.manifest import Runtime
from servescope.archive.packing.inputs import ArchiveFormat, PackOptions
from servescope.cli.help.typed import examples
from servescope.errors import ServescopeError

ModelName = Annotated[str, typer.Option("--model-name", metavar="NAME", help="Name of the model, and of the archive.")]
Version = Annotated[str, typer.Option("--version", "-v", metavar="VERSION", help="Version of the model.")]
Handler = Annotated[
    str,
    typer.Option(
        "--handler",
        metavar="HANDLER",
        help="A file, FILE.py:FUNCTION, FILE.py:CLASS, a module such as package.sub.handler, or a default handler such as "
        "image_classifier.",
    ),
]
SerializedFile = Annotated[
    str | None, typer.Option("--serialized-file", metavar="FILE", help="Weights or program: .pt, .pth, .onnx or .so.")
]
ModelFile = Annotated[
    str | None,
    typer.Option("--model-file", metavar="FILE", help="Python file with the model's class, for an eager-mode model."),
]
ExtraFiles = Annotated[
    str | None,
    typer.Option("--extra-files", metavar="FILES", help="Files, directories and patterns to add, separated by commas."),
]
KeepFolders = Annotated[
    bool,
    typer.Option(
        "--keep-folders", help="Pack the directories of --extra-files as folders, and not their contents alone."
    ),
]
HandlerRuntime = Annotated[Runtime, typer.Option("--runtime", metavar="|".join(Runtime), help="What runs the handler.")]
ExportPath = Annotated[
    Path,
    typer.Option(
        "--export-path",
        metavar="DIR",
        show_default=False,
        help="Directory to put the archive in. Default: the current one.",
    ),
]
Format = Annotated[
    ArchiveFormat,
    typer.Option(
        "--archive-format",
        metavar="FORMAT",
        help="`default`, a deflated zip; `zip-store`, a stored one; `tgz`, a .tar.gz; `no-archive`, a directory.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite an existing archive.")]
RequirementsFile = Annotated[
    str | None,
    typer.Option("--requirements-file", "-r", metavar="FILE", help="requirements.txt of the model's own packages."),
]
ConfigFile = Annotated[
    str | None,
    typer.Option("--config-file", "-c", metavar="FILE", help="model-config.yaml: batching, workers, devices."),
]


@examples(
    "servescope archive --model-name drowsy --version 1.0 \\\n"
    "    --handler examples/drowsy/handler.py \\\n"
    "    --config-file examples/drowsy/model-config.yaml",
    "servescope archive --model-name drowsy --version 2.0 \\\n"
    "    --handler examples/drowsy/handler.py --archive-format no-archive --force",
)
def archive(
    model_name: ModelName,
    version: Version,
    handler: Handler,
    serialized_file: SerializedFile = None,
    model_file: ModelFile = None,
    extra_files: ExtraFiles = None,
    runtime: HandlerRuntime = Runtime.PYTHON,
    export_path: ExportPath = Path(),
    archive_format: Format = ArchiveFormat.DEFAULT,
    force: Force = False,
    requirements_file: RequirementsFile = None,
    config_file: ConfigFile = None,
    keep_folders: KeepFolders = False,
) -> None:
    """Pack a model and its handler into an archive, as torch-model-archiver does."""
    inputs = (handler, serialized_file, model_file, extra_files)
    extras = (requirements_file, config_file)
    _pack(PackOptions(model_name, version, *inputs, runtime, export_path, archive_format, force, *extras, keep_folders))


def _pack(options: PackOptions) -> None:
    from servescope.archive.packing.writer import pack  # zip, tar and gzip, which no other command needs

    try:
        with _progress_bar(sys.stderr.isatty()) as progress:
            output = pack(options, progress)
    except (ServescopeError, OSError) as error:
        typer.echo(f"servescope archive: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
    typer.echo(str(output))


@contextmanager
def _progress_bar(terminal: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on standard error while the archive is written; None, and no bar, where that is no terminal."""
    if not terminal:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Packing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("pack", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
