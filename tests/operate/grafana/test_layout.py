"""Panels are laid out without gaps between rows and without overlaps, whatever their sizes."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.operate.grafana.layout import COLUMNS, placed
from servescope.operate.grafana.panel import Panel, Row

SIZES = st.lists(st.lists(st.tuples(st.integers(1, COLUMNS), st.integers(1, 12)), max_size=8), max_size=5)


def rows_of(sizes):
    return tuple(
        Row(f"row {n}", tuple(Panel("t", "d", "s", (), width=width, height=height) for width, height in row))
        for n, row in enumerate(sizes)
    )


@given(SIZES)
def test_nothing_overlaps(sizes):
    """Each cell is taken once at most, and all are within the columns."""
    taken = set()
    for _, place in placed(rows_of(sizes)):
        assert place.x + place.width <= COLUMNS
        cells = {(place.x + x, place.y + y) for x in range(place.width) for y in range(place.height)}
        assert not cells & taken
        taken |= cells


@given(SIZES)
def test_everything_is_placed_in_order(sizes):
    """Headings and panels come as they are written, none lost, each below or right of the one before."""
    rows = rows_of(sizes)
    things = [thing for thing, _ in placed(rows)]
    assert things == [thing for row in rows for thing in (row, *row.panels)]
    places = [(place.y, place.x) for _, place in placed(rows)]
    assert places == sorted(places)


def test_a_line_is_filled_before_the_next():
    """Three of 8 stand side by side; the fourth begins below the highest of them."""
    (row,) = rows_of([[(8, 4), (8, 9), (8, 4), (8, 4)]])
    assert [(place.x, place.y) for _, place in placed((row,))] == [(0, 0), (0, 1), (8, 1), (16, 1), (0, 10)]
