"""The demo's alerts on the terminal: in, phases and tracks as they change; out, one table that changes in place.

Where standard output is no terminal, a line a change and the table at the end. Used by `demo_alerts`.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from servescope.cli.demo.track import Track, title

if TYPE_CHECKING:
    from rich.console import Console


class Screen:
    """What is shown, as a context: the table stays when it ends."""

    def __init__(self, console: "Console") -> None:
        from rich.live import Live

        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._phase = ""
        self._tracks: Sequence[Track] = ()

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._phase = ""
        self._draw()
        if self._live is not None:
            self._live.stop()
        elif self._tracks:
            from servescope.cli.demo.alerts_table import alerts_table

            self._console.print(alerts_table(self._tracks))

    def phase(self, text: str, at_s: float) -> None:
        """Say what the model does from here on."""
        self._phase = f"{text} ({at_s:.0f} s)"
        if self._live is None:
            self._console.print(f"   {at_s:3.0f} s  {text}")
        self._draw()

    def show(self, tracks: Sequence[Track]) -> None:
        """Show the tracks as they are now."""
        before, self._tracks = self._tracks, tracks
        if self._live is None:
            ways = {title(track.labels): len(track.way) for track in before}
            for track in tracks:
                for state, at_s in track.way[ways.get(title(track.labels), 0) :]:
                    self._console.print(f"   {at_s:3.0f} s  {title(track.labels)}: {state}")
        self._draw()

    def _draw(self) -> None:
        if self._live is None:
            return
        from rich.console import Group

        from servescope.cli.demo.alerts_table import alerts_table

        self._live.update(Group(alerts_table(self._tracks), self._phase), refresh=True)
