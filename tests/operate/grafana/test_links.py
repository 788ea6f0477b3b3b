"""Links between boards carry what was chosen, whatever a model is called."""

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.grafana.reading import BOARDS, EVERY_BOARD, board
from servescope.operate.grafana.links import HOST_OF_LINE, MODEL_OF_LINE, MODEL_OF_ROW, OVERVIEW_OF_INSTANCE

LINKS = (MODEL_OF_LINE, MODEL_OF_ROW, HOST_OF_LINE, OVERVIEW_OF_INSTANCE)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def followed(url, values):
    """The address that Grafana makes of a link: each `${name:format}` by its rule, as its documentation has it."""

    def put_in(match):
        name, _, form = match[1].partition(":")
        if name == "__url_time_range":
            return "from=now-1h&to=now"
        if form == "queryparam":
            return "&".join(f"var-{name}={quote(value, safe='')}" for value in values[name])
        assert form == "percentencode", url
        return quote(values[name.rpartition(".")[2]][0], safe="")

    return re.sub(r"\$\{([^}]+)\}", put_in, url)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.title)
@given(model=TEXTS, version=TEXTS, instance=TEXTS)
def test_hostile_names_arrive_as_they_are(link, model, version, instance):
    """`&`, `#`, `%`, quotes, spaces: what is chosen on the next board is what was clicked, and nothing else."""
    values = {
        "datasource": ["servescope-prometheus"], "job": ["servescope", "a&b"], "instance": [instance],
        "model_name": [model], "model_version": [version],
    }  # fmt: skip
    address = urlsplit(followed(link.url, values))
    assert address.fragment == ""
    assert address.path.split("/")[:3] == ["", "d", address.path.split("/")[2]]
    chosen = parse_qs(address.query, keep_blank_values=True, strict_parsing=True)
    assert chosen.pop("var-job") == ["servescope", "a&b"]
    assert chosen.pop("var-datasource") == ["servescope-prometheus"]
    assert chosen.pop("from") == ["now-1h"]
    assert chosen.pop("to") == ["now"]
    expected = {"var-instance": [instance], "var-model": [model], "var-version": [version]}
    assert chosen == {key: expected[key] for key in chosen}
    assert "var-model" in chosen or "var-instance" in chosen


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_links_lead_to_boards_and_set_their_variables(form, uid):
    """Every link of every panel names one of these boards, and only variables that it has."""
    for url in re.findall(r'"url": "(/d/[^"]+)"', json.dumps(board(form, uid))):
        target = url.split("/")[2]
        assert target in BOARDS
        names = {variable["name"] for variable in board(form, target)["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", url)) | set(re.findall(r"\$\{(\w+):queryparam\}", url)) <= names


def test_the_overview_leads_to_the_details():
    """From the table and the lines of the overview there is a way to the model and to the host."""
    text = json.dumps(board("classic", "servescope-overview"))
    for link in (MODEL_OF_ROW, MODEL_OF_LINE, HOST_OF_LINE):
        assert link.url in text


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_every_board_lists_the_others(form, uid):
    """The menu of boards keeps variables and time."""
    (menu,) = board(form, uid)["links"]
    assert (menu["type"], menu["includeVars"], menu["keepTime"]) == ("dashboards", True, True)
    assert set(menu["tags"]) <= set(board(form, uid)["tags"])
