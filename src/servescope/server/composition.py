"""Parts of a server, and how they are put together: each is built with what its constructor asks for, by type.

In: the kinds of parts in order, and what is there at the beginning. Out: the parts, in that order. Called by `server`.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, get_args, get_origin, get_type_hints


class Part:
    """One part of a server. Its constructor's annotations say what it needs, its attributes are what it gives.

    A need is a kind of part that stands before it, or `list[kind]`: all of that kind that stand before it.
    """

    async def start(self) -> None:
        """Begin. Called in the order in which parts are listed."""

    def reload(self) -> None:
        """Look again at files that may have been changed. Called at a SIGHUP, from the start on."""

    async def close(self, hurry: asyncio.Event) -> None:
        """End, in the opposite order, also where `start` was never called or failed; without waiting once `hurry` is set."""


def compose(kinds: Sequence[type[Part]], *beginning: object) -> list[Part]:
    """Build a part of each kind.

    Raises:
        TypeError: a part needs what does not stand before it.
    """
    parts: list[Part] = []
    for kind in kinds:
        parts.append(kind(**_needs(kind, [*beginning, *parts])))
    return parts


def _needs(kind: type[Part], there: Sequence[object]) -> dict[str, object]:
    wanted = get_type_hints(kind.__init__)
    wanted.pop("return", None)
    return {name: _found(annotation, there, f"{kind.__name__} needs {name}") for name, annotation in wanted.items()}


def _found(annotation: Any, there: Sequence[object], need: str) -> object:
    if get_origin(annotation) is list:
        (each,) = get_args(annotation)
        return [part for part in there if isinstance(part, each)]
    for part in there:
        if isinstance(part, annotation):
            return part
    raise TypeError(f"{need}, and no {annotation.__name__} stands before it")
