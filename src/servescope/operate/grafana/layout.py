"""Where panels stand on Grafana's grid of 24 columns: in, rows; out, a place for each row's heading and each panel.

Called by `encode`. A panel that does not fit beside the one before it begins a new line, below the highest of the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from servescope.operate.grafana.panel import Panel, Row

COLUMNS: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the grid; `x` of 24 columns from the left, `y` rows from the top."""

    x: int
    y: int
    width: int
    height: int


def placed(rows: tuple[Row, ...]) -> Iterator[tuple[Row | Panel, Place]]:
    """Each heading, followed by its panels, with their places."""
    y = 0
    for row in rows:
        yield row, Place(0, y, COLUMNS, 1)
        y += 1
        x = line = 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, line = 0, y + line, 0
            yield panel, Place(x, y, panel.width, panel.height)
            x, line = x + panel.width, max(line, panel.height)
        y += line
