"""Grafana's panels: in, a `Panel`, its id and its place; out, grafana-foundation-sdk's panel.

Called by `encode`. Everything that panels of a kind have in common is decided here: legends, tooltips, colours.
"""

from typing import Final

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from servescope.operate.grafana.layout import Place
from servescope.operate.grafana.panel import Panel, Query
from servescope.operate.grafana.variables import SOURCE
from servescope.operate.promql import Form

Drawn = timeseries.Panel | stat.Panel | heatmap.Panel | table.Panel
_REFERENCES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def drawn(panel: Panel, number: int, place: Place, form: Form) -> Drawn:
    """The panel, with what is the same for all kinds."""
    one = _of_kind(panel)
    one.id(number).title(panel.title).description(panel.description).unit(panel.unit).datasource(SOURCE)
    one.grid_pos(dashboard.GridPos(h=place.height, w=place.width, x=place.x, y=place.y))
    one.targets(
        [_target(panel, query, reference, form) for query, reference in zip(panel.queries, _REFERENCES, strict=False)]
    )
    one.thresholds(_steps(panel))
    if panel.top is not None:
        one.min(0).max(panel.top)
    if panel.empty:
        one.no_value(panel.empty)
    if panel.links and panel.kind != "table":
        one.data_links(_links(panel))
    return one


def _of_kind(panel: Panel) -> Drawn:
    if panel.kind == "stat":
        return _stat(panel)
    if panel.kind == "heatmap":
        return _heatmap(panel)
    if panel.kind == "table":
        return _table(panel)
    return _lines(panel)


def _target(panel: Panel, query: Query, reference: str, form: Form) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(reference).expr(str(query.expression)).legend_format(query.legend)
    if panel.kind == "table":
        return target.format(PromQueryFormat.TABLE).instant()
    if panel.kind == "heatmap" and form == "classic":
        target.format(PromQueryFormat.HEATMAP)
    else:
        target.format(PromQueryFormat.TIME_SERIES)
    # Grafana would ask for exemplars by itself where it is not told: of every query, also of those that have none.
    return target.range().exemplar(query.exemplars)


def _lines(panel: Panel) -> timeseries.Panel:
    sorted_down = (
        build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
    )
    legend = (
        build_common.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    lines = timeseries.Panel().tooltip(sorted_down).legend(legend).show_points(common.VisibilityMode.AUTO)
    lines.line_width(1).fill_opacity(8).axis_soft_min(0)
    if panel.kind == "stacked":
        lines.fill_opacity(40).stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL))
    if panel.steps:
        dashed = build_common.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)
        lines.thresholds_style(dashed)
    for query, reference in zip(panel.queries, _REFERENCES, strict=False):
        if query.limit:
            lines.override_by_query(reference, _limit())
    return lines


def _limit() -> list[dashboard.DynamicConfigValue]:
    return [
        dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
        dashboard.DynamicConfigValue("custom.fillOpacity", 0),
        dashboard.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "limit"}),
        dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "red"}),
    ]


def _stat(panel: Panel) -> stat.Panel:
    last = build_common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    return (
        stat.Panel()
        .reduce_options(last)
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .text_mode(common.BigValueTextMode.AUTO if len(panel.queries) == 1 else common.BigValueTextMode.VALUE_AND_NAME)
    )


def _heatmap(panel: Panel) -> heatmap.Panel:
    colours = (
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .scale(HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .steps(64)
    )
    rates = heatmap.CellValues().unit("cps")
    axis = heatmap.YAxisConfig().unit(panel.unit).axis_placement(common.AxisPlacement.LEFT)
    shown = build_common.HideSeriesConfig().legend(False).tooltip(False).viz(False)
    cells = heatmap.Panel().calculate(False).color(colours).y_axis(axis).cell_values(rates).hide_from(shown)
    return cells.show_legend().show_tooltip().show_y_histogram().exemplars_color("rgba(31,120,193,0.9)")


def _table(panel: Panel) -> table.Panel:
    one = table.Panel().show_header(True).cell_height(common.TableCellHeight.SM)
    names = {}
    for query, reference in zip(panel.queries, _REFERENCES, strict=False):
        # One query leaves "Value" of its own, several are told apart by their references.
        column = f"Value #{reference}" if len(panel.queries) > 1 else "Value"
        names[column] = query.legend
        one.override_by_name(query.legend, [dashboard.DynamicConfigValue("unit", query.unit or panel.unit)])
    if panel.links:
        links = [{"title": link.title, "url": link.url} for link in panel.links]
        one.override_by_name("model_name", [dashboard.DynamicConfigValue("links", links)])
    one.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    options = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": names}
    return one.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))


def _steps(panel: Panel) -> build.ThresholdsConfig:
    first = dashboard.Threshold(value=None, color=panel.below)
    rest = [dashboard.Threshold(value=step.value, color=step.colour) for step in panel.steps]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps([first, *rest])


def _links(panel: Panel) -> list[Builder[dashboard.DashboardLink]]:
    return [build.DashboardLink(link.title).url(link.url) for link in panel.links]
