"""A panel as data: in, expressions and words; out, `Panel`, which `draw` makes Grafana's panel of.

Written by `boards`. What every panel must have (a title, how to read it, a unit) has no default.
"""

from dataclasses import dataclass
from typing import Literal

from servescope.operate.grafana.links import Link
from servescope.operate.promql import Expression

# lines, and areas that add up; the last values as numbers; a histogram over time; a row a model
Kind = Literal["lines", "stacked", "stat", "heatmap", "table"]


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of a panel.

    `legend` is Grafana's, with labels as `{{model_name}}`; of a table it is the column's heading. `unit` is the column's
    in a table, where it differs from the panel's. `exemplars` asks for the requests behind the buckets, `limit` draws a
    dashed line that the others are measured against.
    """

    expression: Expression
    legend: str
    unit: str = ""
    exemplars: bool = False
    limit: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on, in the panel's unit, a number is drawn in `colour`."""

    value: float
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, `width` of 24 columns wide and `height` rows high; `description` says how to read it.

    `unit` is Grafana's id (`s`, `bytes`, `percentunit`, `reqps`). Numbers are green below the first of `steps`, unless
    `below` names another colour. `top` fixes the axis' end, for shares. `empty` stands where there is no data.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = "lines"
    width: int = 8
    height: int = 8
    steps: tuple[Step, ...] = ()
    below: str = "green"
    top: float | None = None
    links: tuple[Link, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading, from left to right and top to bottom."""

    title: str
    panels: tuple[Panel, ...]
