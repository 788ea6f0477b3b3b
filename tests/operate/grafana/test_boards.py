"""Boards as Grafana gets them: complete, readable, the same every time, and such as its own models read."""

import json
import subprocess
import sys

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard, RowPanel
from grafana_foundation_sdk.models.prometheus import Dataquery

from operate.grafana.reading import BOARDS, EVERY_BOARD, board, expressions, panels
from servescope.operate.grafana.encode import ANNOTATION
from servescope.operate.grafana.files import grafana_files
from servescope.operate.grafana.provisioning import Sources

# Grafana's ids of units, of those that are used here.
UNITS = {
    "s", "ms", "µs", "bytes", "mbytes", "gbytes", "percent", "percentunit", "reqps", "ops", "short", "watt", "celsius",
    "hertz", "dateTimeFromNow",
}  # fmt: skip


def of_every_panel():
    return [(form, uid, panel) for form, uid in EVERY_BOARD for panel in panels(form, uid)]


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_every_panel_says_what_it_is(form, uid):
    """A title, a description of at least a sentence, a unit of Grafana's, a data source, expressions with legends."""
    for panel in panels(form, uid):
        assert panel["title"]
        assert len(panel["description"]) > 30, panel["title"]
        assert panel["description"].endswith((".", "?")), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_titles_and_ids_are_unique(form, uid):
    """A panel can be named, and linked to, within its board."""
    everything = board(form, uid)["panels"]
    titles = [panel["title"] for panel in panels(form, uid)]
    assert len(set(titles)) == len(titles)
    assert len({panel["id"] for panel in everything}) == len(everything)


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_panels_do_not_overlap(form, uid):
    """Each cell of the grid belongs to one panel at most, and none is outside it."""
    taken = set()
    for panel in board(form, uid)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_grafanas_models_read_it_back(form, uid):
    """grafana-foundation-sdk makes its own objects of the JSON, and the same JSON of these."""
    register_default_plugins()
    payload = board(form, uid)
    read = Dashboard.from_json(payload)
    assert read.uid == uid
    queries = [one for panel in read.panels if not isinstance(panel, RowPanel) for one in panel.targets]
    assert queries
    assert all(isinstance(one, Dataquery) for one in queries)
    assert [one.expr for one in queries] == [target["expr"] for _, target in expressions(form, uid)]
    for annotation in payload["annotations"]["list"]:
        for key in ANNOTATION:  # what the models have no field for
            del annotation[key]
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == payload


def test_it_is_the_same_every_time():
    """Another process, whose hashes are other ones, writes the same bytes."""
    script = (
        "import json; from servescope.operate.grafana.files import grafana_files;"
        "from servescope.operate.grafana.provisioning import Sources;"
        "print(json.dumps([grafana_files(form, Sources()) for form in ('classic', 'native')]))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == [grafana_files(form, Sources()) for form in ("classic", "native")]


def test_addresses_stay():
    """Bookmarks and links name these uids; a change here breaks them."""
    assert {f"dashboards/{uid}.json" for uid in BOARDS} == {
        name for name in grafana_files("classic", Sources()) if name.startswith("dashboards/")
    }


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_several_values_or_all_can_be_chosen(form, uid):
    """Every variable that is asked of Prometheus takes several values and all; the data source comes first."""
    source, *rest = board(form, uid)["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    for variable in rest:
        if variable["type"] == "query":
            assert variable["multi"]
            assert variable["includeAll"]
            assert variable["description"]
            assert variable["datasource"]["uid"] == "${datasource}"
        else:
            assert variable["name"] == "quantile"
            assert all(0 < float(option["value"]) < 1 for option in variable["options"])


@pytest.mark.parametrize("uid", ["servescope-model", "servescope-llm"])
@pytest.mark.parametrize("form", ["classic", "native"])
def test_exemplars_are_asked_for_where_they_are(form, uid):
    """The heat maps of durations ask for exemplars, of the buckets that have them; nothing else does."""
    asked = {title: target["expr"] for title, target in expressions(form, uid) if target.get("exemplar")}
    assert len(asked) == {"servescope-model": 1, "servescope-llm": 2}[uid]
    assert all(("_bucket{" in text) == (form == "classic") for text in asked.values())


@pytest.mark.parametrize("form", ["classic", "native"])
def test_promises_are_drawn_beside_what_is_measured(form):
    """Durations have the model's own objective as a dashed line."""
    for uid, title in (("servescope-model", "Duration"), ("servescope-llm", "Time to first token")):
        (panel,) = [one for one in panels(form, uid) if one["title"] == title]
        (override,) = panel["fieldConfig"]["overrides"]
        (limit,) = [one for one in panel["targets"] if one["refId"] == override["matcher"]["options"]]
        assert limit["expr"].count("servescope_slo_threshold_seconds") == 1


def test_columns_have_units_of_their_own():
    """In the table of models each query's column is renamed, and formatted by that name."""
    (table,) = [panel for panel in panels("classic", "servescope-overview") if panel["type"] == "table"]
    (renamed,) = [one["options"]["renameByName"] for one in table["transformations"] if one["id"] == "organize"]
    assert list(renamed) == [f"Value #{target['refId']}" for target in table["targets"]]
    units = {
        one["matcher"]["options"]: item["value"]
        for one in table["fieldConfig"]["overrides"]
        for item in one["properties"]
        if item["id"] == "unit"
    }
    assert units.keys() == set(renamed.values())
    assert (units["p99"], units["requests"], units["failed"]) == ("s", "reqps", "percentunit")
