"""Which models to load at start: in, `load_models`; out, `LoadModel`s. Called by `load`, read by runtime."""

import re
from dataclasses import dataclass

_NAMED = re.compile(r"([^=/:]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class LoadModel:
    """One model to load at start. `name` None leaves the name to the archive."""

    name: str | None
    url: str


def parse_load_models(text: str) -> tuple[tuple[LoadModel, ...], bool]:
    """Read `all`, or `[name=]url` between commas; also say whether it was `all` (any letter case).

    TorchServe (ModelServer.initModelStore) keeps blanks around an item and takes the text before any `=` for a name;
    here blanks are cut, and a `=` in a URL's query is left alone.
    """
    if text.strip().lower() == "all":
        return (), True
    items = (item.strip() for item in text.split(","))
    return tuple(_load_model(item) for item in items if item), False


def _load_model(item: str) -> LoadModel:
    named = _NAMED.fullmatch(item)
    if named is None:
        return LoadModel(None, item)
    return LoadModel(named[1].strip() or None, named[2].strip())
