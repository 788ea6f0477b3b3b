"""What a path of the console asks for: in, its segments; out, their template for the metrics, and the names in it.

Read by `api`. A doubled `console/console` means the same as one, so that relative URLs work with and without a slash at the end.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

# What is asked of one model.
READS: Final = ("history", "heatmap", "failures", "slowest")
CHANGES: Final = ("scale", "set-default", "unregister")
PLAIN: Final = ("session", "overview", "history", "events")


class Route(Struct, frozen=True):
    """`template`: the path with names in braces. `what`: page, file, runbook, nothing, a document's name, `model`, or what is asked
    of one. `name`: the model's, or the file's path.
    """

    template: str
    what: str
    name: str = ""


def parse(path: str) -> Route | None:
    """A path's route; None for another API's."""
    segments = path.split("/")[1:]
    if segments[:1] != ["console"]:
        return None
    rest = segments[1:]
    while rest[:1] == ["console"]:
        rest = rest[1:]
    if rest[-1:] == [""]:
        rest = rest[:-1]
    if not rest:
        return Route("/console", "page")
    if rest == ["runbook"]:
        return Route("/console/runbook", "runbook")
    return _api(rest[1:]) if rest[0] == "api" else Route("/console/{file}", "file", "/".join(rest))


def _api(rest: Sequence[str]) -> Route:
    plain = "/".join(rest)
    if plain in PLAIN:
        return Route(f"/console/api/{plain}", plain)
    match rest:
        case ["models", name]:
            return Route("/console/api/models/{model_name}", "model", name)
        case ["models", name, what] if what in READS or what in CHANGES:
            return Route(f"/console/api/models/{{model_name}}/{what}", f"model {what}", name)
    return Route("other", "nothing")
