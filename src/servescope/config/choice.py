"""Which configuration file is read: in, the start options, environ, the working directory, the snapshots; out, a file and warnings.

Called by `load`. As in TorchServe (util/ConfigManager), the file is TS_CONFIG_FILE, else --ts-config, else, without --ncs, the last
snapshot, else config.properties in the working directory, else none.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from servescope.config.snapshots.folder import Newest, SnapshotFolder
from servescope.errors import ConfigurationError

SNAPSHOTS: Final = "config"  # in LOG_LOCATION


class StartOptions(Struct, frozen=True, kw_only=True):
    """The options of `servescope start`, None, False or empty where they were not given."""

    ts_config: Path | None = None
    model_store: Path | None = None
    models: tuple[str, ...] = ()
    no_config_snapshots: bool = False
    foreground: bool = False
    enable_model_api: bool = False
    disable_token_auth: bool = False
    log_config: Path | None = None
    workflow_store: Path | None = None
    plugins_path: str | None = None
    cpp_log_config: Path | None = None
    backend: str | None = None
    front_ends: str | None = None


def choose_file(
    options: StartOptions, environ: Mapping[str, str], cwd: Path, snapshots: SnapshotFolder
) -> tuple[Path | None, list[str]]:
    """The file, with a warning for each other that somebody may think is read.

    Raises:
        ConfigurationError: the file that was named is not there.
    """
    named = environ.get("TS_CONFIG_FILE") or options.ts_config
    if named is not None:
        return _named_file(named, options, environ, cwd)
    default = cwd / "config.properties"
    there = default.is_file()
    newest = Newest(None) if options.no_config_snapshots else snapshots.newest()
    warnings = [f"The snapshot {damaged}. It is not restored" for damaged in newest.damaged]
    if newest.file is None:
        return default if there else None, warnings
    if there:
        warnings.append(
            f"{default} is not read: the settings and models are those of the last snapshot, {newest.file};"
            " --ncs or --ts-config reads it"
        )
    return newest.file, warnings


def _named_file(
    named: str | Path, options: StartOptions, environ: Mapping[str, str], cwd: Path
) -> tuple[Path, list[str]]:
    """The file that somebody named, with a warning where two were."""
    origin = "TS_CONFIG_FILE" if environ.get("TS_CONFIG_FILE") else "--ts-config"
    try:
        file = (cwd / named).resolve()
        if not file.is_file():
            raise ConfigurationError(f"{origin}={str(named)!r}: there is no such file")
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(f"{origin}={str(named)!r}: cannot be read: {error}") from error
    other = options.ts_config
    if other is None or (cwd / other).resolve() == file:
        return file, []
    return file, [f"--ts-config={str(other)!r} is not read: TS_CONFIG_FILE names {file}"]
