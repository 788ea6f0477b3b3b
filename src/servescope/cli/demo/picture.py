"""The demo's tables as a picture: in, what a run shows; out, an SVG file that fetches nothing from elsewhere.

Filled by `command`, which writes it for `servescope demo --svg FILE`; `make picture` makes docs/demo.svg that way.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.programs import find_programs

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLUMNS = 80
# Of the fonts below, a character is this much narrower than it is high.
_ASPECT = 0.6
_TITLE = "make demo"
# Rich fills in the names in braces. Its own format fetches a font, which pages that show pictures do not let it do.
_FORMAT = """\
<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">
<title>What make demo shows</title>
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
.{unique_id}-title {{ font: bold 18px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def check_picture(file: Path, search_path: str | None) -> None:
    """Raise DemoError, before the work is done, if no picture of the whole demo can come of it at `file`.

    `search_path` is `PATH`: without Prometheus and Alertmanager there is no second table to show.
    """
    if file.is_dir():
        raise DemoError(f"--svg {file}: it is a folder")
    if not file.parent.is_dir():
        raise DemoError(f"--svg {file}: there is no folder {file.parent}")
    programs = find_programs(search_path)
    if isinstance(programs, str):
        raise DemoError(f"--svg {file}: the picture shows alerts as well, and {programs}")


class Picture:
    """What a run has shown so far, on a page of 80 columns."""

    def __init__(self) -> None:
        from rich.console import Console

        self._page = Console(record=True, file=io.StringIO(), width=_COLUMNS, highlight=False)

    def add(self, *shown: "RenderableType") -> None:
        """Put text or tables below what is there; text is read as Rich's markup."""
        for each in shown:
            self._page.print(each)

    def svg(self) -> str:
        """The whole of it."""
        svg = self._page.export_svg(
            title=_TITLE, clear=False, code_format=_FORMAT, font_aspect_ratio=_ASPECT, unique_id="demo"
        )
        return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())

    def write(self, file: Path) -> None:
        """Write the SVG. DemoError if that cannot be."""
        try:
            file.write_text(self.svg(), encoding="utf-8")
        except OSError as error:
            raise DemoError(f"--svg {file}: {error.strerror}") from error
