"""Parts get what they ask for, of what stands before them."""

import asyncio
from pathlib import Path

import pytest

from servescope.server import server
from servescope.server.composition import Part, compose


class Well(Part):
    def __init__(self, depth: int) -> None:
        self.depth = depth


class Bucket(Part):
    def __init__(self, well: Well) -> None:
        self.well = well


class Rope(Part):
    """Needs nothing."""


class Yard(Part):
    def __init__(self, parts: list[Part], wells: list[Well]) -> None:
        self.parts, self.wells = parts, wells


def test_a_part_gets_what_it_names_by_type():
    """What is there at the beginning, and the parts before it."""
    well, rope, bucket = compose([Well, Rope, Bucket], 7)
    assert well.depth == 7
    assert bucket.well is well
    assert isinstance(rope, Rope)


def test_a_list_is_all_of_a_kind_that_stand_before():
    """In their order; not those that come later."""
    *before, yard, _later = compose([Well, Rope, Yard, Bucket], 7)
    assert yard.parts == before
    assert yard.wells == [before[0]]


def test_what_is_missing_is_named():
    """With the part that needs it."""
    with pytest.raises(TypeError, match="Bucket needs well, and no Well stands before it"):
        compose([Bucket, Well], 7)


def test_a_part_need_not_start_or_close():
    """Both do nothing unless it says otherwise."""
    asyncio.run(_start_and_close(Rope()))


async def _start_and_close(part: Part) -> None:
    await part.start()
    await part.close(asyncio.Event())


def test_every_part_is_listed():
    """A file of parts whose part is forgotten in the list would be built by nobody."""
    folder = Path(server.__file__).parent
    listed = {kind.__module__.rpartition(".")[2] for kind in server.PARTS}
    not_parts = {"__init__", "server", "composition", "beginning", "api", "opened_console"}
    assert {path.stem for path in folder.rglob("*.py")} - not_parts == listed
