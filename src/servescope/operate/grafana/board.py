"""A board as data: in, rows of panels and variables; out, `Board`, which `encode` makes Grafana's JSON of."""

from dataclasses import dataclass

from servescope.operate.grafana.panel import Row
from servescope.operate.grafana.variables import Variable
from servescope.operate.promql import Matcher


@dataclass(frozen=True, slots=True)
class Board:
    """One board. `uid` is its address in Grafana (`/d/uid`) and its file's name, so it must never change.

    `alerts` says which alerts are marked on its graphs, by labels of Prometheus' own series `ALERTS`. `quantile`: there
    is a variable for it. `since` is how far back it looks at first.
    """

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    alerts: tuple[Matcher, ...] = ()
    quantile: bool = False
    since: str = "now-1h"
