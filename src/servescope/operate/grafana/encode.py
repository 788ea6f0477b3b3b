"""Grafana's JSON: in, a `Board`, the form of the histograms, the data source's uid; out, the text of a file.

Called by `files`. The same board gives the same bytes: keys are sorted, ids are counted, nothing is a date.
"""

import json
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as sdk

from servescope.operate.grafana.alerts import firing
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.draw import drawn
from servescope.operate.grafana.layout import placed
from servescope.operate.grafana.panel import Row
from servescope.operate.grafana.variables import SOURCE
from servescope.operate.grafana.variables import drawn as drawn_variables
from servescope.operate.promql import Form

TAG: Final = "servescope"
# What Grafana's Prometheus plugin reads of an annotation, and grafana-foundation-sdk has no words for.
ANNOTATION: Final = {
    "step": "30s",
    "titleFormat": "{{alertname}}",
    "textFormat": "{{severity}} {{model_name}} {{model_version}} {{instance}}",
    "tagKeys": "alertname,severity",
}


def encoded(board: Board, form: Form, uid: str) -> str:
    """The board's JSON, with a line's end."""
    payload: dict[str, Any] = json.loads(json.dumps(_dashboard(board, form, uid), cls=JSONEncoder))
    for annotation in payload["annotations"]["list"]:
        annotation.update(ANNOTATION)
    return json.dumps(payload, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _dashboard(board: Board, form: Form, uid: str) -> sdk.Dashboard:
    one = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .timezone("browser")
        .tooltip(sdk.DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh("30s")
        .editable()
        .version(1)
        .variables(drawn_variables(board.variables, uid=uid, quantile=board.quantile))
        .annotation(_alerts(board))
        .link(_boards())
    )
    for number, (thing, place) in enumerate(placed(board.rows), start=1):
        if isinstance(thing, Row):
            position = sdk.GridPos(h=place.height, w=place.width, x=place.x, y=place.y)
            one.with_row(build.Row(thing.title).id(number).grid_pos(position))
        else:
            one.with_panel(drawn(thing, number, place, form))
    return one.build()


def _alerts(board: Board) -> build.AnnotationQuery:
    return (
        build.AnnotationQuery()
        .name("Alerts")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("red")
        .expr(str(firing(*board.alerts).now))
    )


def _boards() -> build.DashboardLink:
    return (
        build.DashboardLink("Servescope's boards")
        .type(sdk.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .icon("external link")
        .tooltip("The other boards, for the same time and the same choice")
    )
