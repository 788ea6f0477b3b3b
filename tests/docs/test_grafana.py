"""docs/grafana.md names every board, file, option and default, and none that there is not."""

import inspect
import re
from pathlib import Path

from operate.grafana.reading import BOARDS
from servescope.cli.monitoring.grafana import grafana
from servescope.operate.grafana.files import grafana_files
from servescope.operate.grafana.provisioning import BOARDS_PATH, TRACES_UID, Sources

PAGE = (Path(__file__).parents[2] / "docs" / "grafana.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+) \|$", PAGE, re.MULTILINE)


def test_every_board_has_its_row():
    """A row a board, by its address."""
    table = PAGE.partition("## What they answer")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| [^|]+ \| `(servescope-[a-z]+)` \|", table, re.MULTILINE)) == BOARDS


def test_every_option_has_its_row_and_default():
    """The options of the command, with the defaults that it has."""
    told = {}
    for row in ROWS:
        name, default, *_ = (cell.strip() for cell in row.split(" |"))
        if name.startswith("`--"):
            told[name.strip("`-").replace("-", "_")] = default.strip("`| ") or False
    parameters = inspect.signature(grafana).parameters
    assert told == {name: one.default for name, one in parameters.items() if name != "folder"}


def test_every_file_is_named():
    """Each that is written is one of the table of files."""
    for path in grafana_files("classic", Sources()):
        assert re.sub(r"^dashboards/.*\.json$", "dashboards/*.json", path) in PAGE
    assert TRACES_UID in PAGE
    assert f"{BOARDS_PATH}/*.json" in PAGE
