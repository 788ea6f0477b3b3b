"""Which models to load at start: in, `load_models`; out, `LoadModel`s. Called by `load`, read by runtime."""

import re

from msgspec import Struct

from servescope.config.bounds import MAX_MODELS
from servescope.config.names import fault_of
from servescope.config.shown_url import SCHEME
from servescope.config.snapshots.saved import SavedVersion
from servescope.config.values.parsers import GivenValue, parts_of
from servescope.errors import ConfigurationError

_NAMED = re.compile(r"(?!/)([^=]*)=(.*)", re.DOTALL)


class LoadModel(Struct, frozen=True):
    """One model to load at start. `name` None leaves the name to the archive.

    `version` and `saved`: what a snapshot says of it.
    """

    name: str | None
    url: str
    version: str | None = None
    saved: SavedVersion | None = None


def parse_load_models(given: GivenValue) -> tuple[tuple[LoadModel, ...], bool]:
    """Read `all`, or `[name=]url` between commas; also say whether it was `all` (any letter case).

    Raises ConfigurationError for a name that no path can say, and for more of them than a server loads.

    TorchServe (ModelServer.initModelStore) keeps blanks around an item and takes the text before any `=` for a name;
    here blanks are cut, and a `=` in a URL or in an absolute path is left alone.
    """
    if given.text.strip().lower() == "all":
        return (), True
    items = parts_of(given, MAX_MODELS, "models")
    return tuple(_load_model(given, item) for item in items if item), False


def _load_model(given: GivenValue, item: str) -> LoadModel:
    named = None if SCHEME.match(item) else _NAMED.fullmatch(item)
    if named is None:
        return LoadModel(None, item)
    name = named[1].strip()
    if (fault := fault_of(name)) is not None:  # without the value, which may have other models' secrets in it
        raise ConfigurationError(f"{given.key}: the name of a model {fault} (from {given.origin})")
    return LoadModel(name, named[2].strip())
