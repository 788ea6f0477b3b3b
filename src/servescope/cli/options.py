"""The options that several commands share: how to reach the server, what a registration says, and numbers.

In: nothing at import. Out: annotations for the commands' signatures, which Typer reads.
"""

import math
from collections.abc import Callable
from typing import Annotated

import typer


def whole(low: int, high: int | None = None) -> Callable[[str | int], int]:
    """A reader of whole numbers from `low` to `high`, whose refusal names the value, as Typer's own does not."""
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"

    def read(text: str | int) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < low or (high is not None and number > high):
            raise typer.BadParameter(f"{str(text)!r} is no whole number {limits}")
        return number

    return read


def number(low: float, high: float) -> Callable[[str | float], float]:
    """A reader of numbers from `low` to `high`, whose refusal names the value."""

    def read(text: str | float) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise typer.BadParameter(f"{str(text)!r} is no number from {low:g} to {high:g}")
        return found

    return read


def named(text: str) -> str:
    """A reader of names that stand in a path, where an empty one would mean all."""
    if not text:
        raise typer.BadParameter("'' is no name")
    return text


ManagementAddress = Annotated[
    str | None,
    typer.Option(
        "--management-address",
        metavar="URL",
        help="Management API, as http://host:port, https://host:port or unix:/path. "
        "Default: the running server's, else the one in the configuration.",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="KEY",
        help="Management token. Default: the management key in key_file.json, if there is one.",
    ),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        help="Certificate to trust when the address is https://. Default: the server's own.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
ServedName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name to serve it under. Default: the archive's.")
]
ResponseTimeout = Annotated[
    int | None,
    typer.Option("--response-timeout", help="Seconds a worker may take to answer.", parser=whole(1), metavar="N"),
]
StartupTimeout = Annotated[
    int | None,
    typer.Option("--startup-timeout", help="Seconds a worker may take to load.", parser=whole(1), metavar="N"),
]
