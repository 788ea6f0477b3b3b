"""The demo's picture. A real run's: tests/integration/commands/test_demo_alerts.py; the kept one: tests/docs/test_picture.py."""

import os
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from servescope.cli.demo.alerts_table import alerts_table
from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.picture import Picture, check_picture
from servescope.cli.demo.track import Track
from servescope.cli.red import Red
from servescope.cli.tables import red_table

SVG = "{http://www.w3.org/2000/svg}"
ROW = Red("digits", 450, 900.4, 0, 3.456, 21.0, 1.2)
TRACK = Track({"alertname": "ServescopeSlow"}, "firing", way=(("pending", 9.0), ("firing", 19.0)))


@pytest.fixture
def picture():
    """Of a line and both tables."""
    made = Picture()
    made.add("Accuracy: 440 of 450, [bold]97.8%[/bold]\n", red_table([ROW]))
    made.add(alerts_table([TRACK]))
    return made


@pytest.fixture
def programs(tmp_path):
    """A search path with both programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("prometheus", "alertmanager"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(stat.S_IRWXU)
    return str(folder)


def drawn(svg):
    """Its text, piece by piece, with the style of each."""
    root = ET.fromstring(svg)
    styles = root.find(f"{SVG}style").text
    return {
        each.text.replace("\xa0", " ").strip(): styles.partition(f".{each.get('class')} {{")[2].partition("}")[0]
        for each in root.iter(f"{SVG}text")
        if each.text.strip()
    }


def test_it_shows_what_was_added(picture):
    """Titles, heads and values of both tables, in their styles."""
    pieces = drawn(picture.svg())
    text = " ".join(pieces)
    for part in ("make demo", "errors (5xx)", "450", "3.46 ms", "Alertmanager", "ServescopeSlow", "9 s"):
        assert part in text
    assert "font-weight: bold" in pieces["97.8%"]
    assert pieces["pending"] != pieces["firing"]


def test_it_fetches_nothing(picture):
    """No URL but the name of SVG itself: a page that shows the picture lets it load no font."""
    svg = picture.svg()
    assert svg.count("://") == svg.count('xmlns="http://www.w3.org/2000/svg"') == 1
    assert "@import" not in svg
    assert "@font-face" not in svg


@pytest.mark.parametrize("variables", [{"COLUMNS": "20"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_the_terminal_does_not_matter(picture, monkeypatch, variables):
    """Wherever it is drawn, it is the same."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    other = Picture()
    other.add("Accuracy: 440 of 450, [bold]97.8%[/bold]\n", red_table([ROW]), alerts_table([TRACK]))
    assert other.svg() == picture.svg()


def test_it_is_written(picture, tmp_path):
    """Over what was there; and read again it is the same."""
    file = tmp_path / "demo.svg"
    file.write_text("before")
    picture.write(file)
    assert file.read_text("utf-8") == picture.svg()


def test_what_cannot_be_written_is_named(picture):
    """The option, the file and the reason."""
    with pytest.raises(DemoError, match=r"--svg /dev/full: No space left on device"):
        picture.write(Path("/dev/full"))


def test_a_place_for_it_is_good(programs, tmp_path):
    """A file in a folder that is there, whether the file is there or not."""
    check_picture(tmp_path / "demo.svg", programs)
    (tmp_path / "demo.svg").touch()
    check_picture(tmp_path / "demo.svg", programs)


def test_a_place_where_it_cannot_be_is_refused(programs, tmp_path):
    """Before the demo begins: a folder, or a file in none."""
    with pytest.raises(DemoError, match=f"--svg {tmp_path}: it is a folder"):
        check_picture(tmp_path, programs)
    with pytest.raises(DemoError, match=f"--svg {tmp_path}/none/demo.svg: there is no folder {tmp_path}/none"):
        check_picture(tmp_path / "none" / "demo.svg", programs)


def test_half_a_picture_is_refused(programs, tmp_path):
    """Where a program is missing, and so the alerts' table would be."""
    os.unlink(f"{programs}/alertmanager")
    said = r"--svg .*demo.svg: the picture shows alerts as well, and prometheus-alertmanager or alertmanager is not installed"
    with pytest.raises(DemoError, match=said):
        check_picture(tmp_path / "demo.svg", programs)
