"""What a snapshot says of models: in, the JSON of its line `model_snapshot`, or what `serving.saving` found; out, `SavedModels`, or
that JSON. Pure. TorchServe's fields are written by TorchServe's names, so that either server goes on from the other's file.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from servescope.config.bounds import (
    MAX_BATCH_DELAY_MS,
    MAX_BATCH_SIZE,
    MAX_MODELS,
    MAX_TIMEOUT_S,
    MAX_VERSIONS,
    MAX_WORKERS,
)
from servescope.config.model.autoscale import Mode
from servescope.config.values.parsers import GivenValue

_Workers = Annotated[int, Meta(ge=0, le=MAX_WORKERS)]
_Seconds = Annotated[int, Meta(le=MAX_TIMEOUT_S)]


class SavedVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a model. Delays in ms, timeouts in s; what is 0 or below, where it cannot be, says nothing.

    `mar_name`: the archive's place in the model store. Ours alone, and only where they say something: `url`, what was registered,
    for what is not in the store; `downloaded`: the archive was copied into the store for this model, and goes with it; `handler`,
    where the registration named one; `autoscale`: who decides on the number of workers; `nameless`: the archive was asked for
    without a name, and has not been read, so that neither its name nor its version is known.
    """

    default_version: bool = False
    mar_name: str
    min_workers: _Workers = 1
    max_workers: _Workers = 1
    batch_size: Annotated[int, Meta(le=MAX_BATCH_SIZE)] = 1
    max_batch_delay: Annotated[int, Meta(le=MAX_BATCH_DELAY_MS)] = 100
    response_timeout: _Seconds = 0
    startup_timeout: _Seconds = 0
    runtime_type: str = "python"
    parallel_level: int = 0
    url: str | UnsetType = UNSET
    downloaded: bool | UnsetType = UNSET
    handler: str | UnsetType = UNSET
    autoscale: Mode | UnsetType = UNSET
    nameless: bool | UnsetType = UNSET


class SavedModels(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them, by name and version. `created`: milliseconds since 1970."""

    name: str = ""
    model_count: int = 0
    created: int = 0
    models: dict[str, dict[str, SavedVersion]]

    def versions(self) -> Iterator[tuple[str, str, SavedVersion]]:
        """Name, version and the rest, of each name the default version first: the first that is registered becomes it again."""
        for name, versions in self.models.items():
            for version, saved in sorted(versions.items(), key=lambda one: not one[1].default_version):
                yield name, version, saved


def parse_saved_models(given: GivenValue) -> SavedModels:
    """Read a line `model_snapshot`.

    Raises:
        ConfigurationError: it is no such JSON, has too many models, or a number over its bound.
    """
    try:
        saved = msgspec.json.decode(given.text, type=SavedModels)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise given.refuse(f"says nothing that models can be restored from: {error}") from error
    counts = [len(saved.models), *map(len, saved.models.values())]
    if counts[0] > MAX_MODELS or max(counts[1:], default=0) > MAX_VERSIONS:
        raise given.refuse(
            f"has too much in it: at most {MAX_MODELS} models with {MAX_VERSIONS} versions each are taken"
        )
    return saved


def written(saved: SavedModels) -> str:
    """The JSON of a line `model_snapshot`, indented as TorchServe's."""
    return msgspec.json.format(msgspec.json.encode(saved), indent=2).decode()
