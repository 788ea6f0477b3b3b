"""The demo's alerts as a table: in, their tracks; out, what Rich draws, on the terminal (`screen`) and in the `picture`."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from servescope.cli.demo.track import FIRING, INACTIVE, PENDING, RESOLVED, Track, title
from servescope.cli.tables import plain_table

_STYLES = {INACTIVE: "dim", PENDING: "yellow", FIRING: "bold red", "active": "bold red", RESOLVED: "green"}


def alerts_table(tracks: Sequence[Track]) -> Table:
    """An alert a row: what Prometheus and Alertmanager say of it now, and its way, with seconds since the beginning.

    It fits into 80 columns.
    """
    columns = ("alert", "Prometheus", "Alertmanager", "its way")
    table = plain_table("What Prometheus and Alertmanager say", *columns, folded=("alert",))
    for track in tracks:
        way = Text("\n").join(Text(f"{at_s:3.0f} s ").append(_state(state)) for state, at_s in track.way)
        name = Text.assemble(title(track.labels), "\n", (track.severity, "dim"))
        table.add_row(name, _state(track.prometheus), _state(track.alertmanager), way)
    return table


def _state(state: str) -> Text:
    return Text(state, style=_STYLES.get(state, ""))
