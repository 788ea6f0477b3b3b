"""The app of `top`: in, the console's documents, asked for every two seconds by `asker`; out, screens. Keys as in htop.

Made by `command`. What cannot be asked stays as it was, and why is said.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, Static

from servescope.cli.top import pictures
from servescope.cli.top.asker import Asker
from servescope.cli.top.asking import Asking, drawn
from servescope.errors import ServescopeError

_LOOK_S: Final = 0.1
_LEAST_NAME: Final = 12
_OTHERS: Final = 92  # signs that a row has beside the name
# What F6 sorts by, one after the other: a name for people, and a card's value.
ORDERS: Final[tuple[tuple[str, Callable[[Any], Any]], ...]] = (
    ("name", lambda card: (card["name"], card["version"])),
    ("req/s", lambda card: -(card["rate"] or 0)),
    ("errors", lambda card: -(card["error_rate"] or 0)),
    ("p99", lambda card: -(card["p99"] or 0)),
    ("queue", lambda card: -(card["queue"]["depth"] or 0)),
)


class Asked(Screen[None]):
    """A screen that shows documents as they come."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        super().__init__()
        self.asker = Asker(ask)

    def on_mount(self) -> None:
        """See Textual."""
        self.asker.start()
        self.set_interval(_LOOK_S, self._look)

    def on_unmount(self) -> None:
        """See Textual."""
        self.asker.end()

    def action_refresh(self) -> None:
        """Ask now."""
        self.asker.hurry()

    def show(self, document: Any) -> None:
        """There is a new one."""

    def _look(self) -> None:
        news = self.asker.take()
        if news is None:
            return
        document, error = news
        if not error:
            try:
                drawn(self.show, document)
            except ServescopeError as strange:
                error = str(strange)
        if error:
            self.notify(error, severity="error", markup=False)


class ModelScreen(Asked):
    """One model version; f: its failures with their tracebacks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,left", "app.pop_screen", "Back"),
        Binding("f", "failures", "Failures"),
        Binding("f5,r", "refresh", "Refresh"),
    ]

    def __init__(self, asking: Asking, name: str, version: str) -> None:
        super().__init__(partial(asking.model, name, version))
        self._failures = False
        self._page: Any = None

    def compose(self) -> ComposeResult:
        """See Textual."""
        with VerticalScroll():
            yield Static(id="page")
        yield Footer()

    def action_failures(self) -> None:
        """To the failures, and back."""
        self._failures = not self._failures
        if self._page is not None:
            self.show(self._page)

    def show(self, document: Any) -> None:
        """See `Asked`."""
        self._page = document
        failed = pictures.failures(document["failures"], 50, traced=True) if self._failures else None
        self.query_one("#page", Static).update(failed or pictures.model(document))


class OverviewScreen(Asked):
    """The server and its models."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,f10", "app.quit", "Quit"),
        Binding("f6,s", "sort", "Sort"),
        Binding("f3,slash", "search", "Search"),
        Binding("f5,r", "refresh", "Refresh"),
    ]

    def __init__(self, asking: Asking) -> None:
        super().__init__(asking.overview)
        self._asking = asking
        self._cards: list[Any] = []
        self._order = 0
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """See Textual."""
        yield Static(id="head")
        yield Static(id="findings")
        yield DataTable(cursor_type="row", id="models")
        yield Static(id="machine")
        yield Input(placeholder="part of a model's name", id="search")
        yield Footer()

    def on_mount(self) -> None:
        """See Textual."""
        self.query_one(DataTable).add_columns(*pictures.COLUMNS)
        self.query_one(DataTable).focus()

    def show(self, document: Any) -> None:
        """See `Asked`."""
        self.query_one("#head", Static).update(pictures.head(document))
        self.query_one("#findings", Static).update(pictures.findings(document["findings"]))
        self.query_one("#machine", Static).update(pictures.machine(document))
        self._cards = document["models"]
        self._fill()

    def action_sort(self) -> None:
        """By the next of ORDERS."""
        self._order = (self._order + 1) % len(ORDERS)
        self.notify(f"by {ORDERS[self._order][0]}", timeout=1)
        self._fill()

    def action_search(self) -> None:
        """Show only the models with these letters."""
        search = self.query_one(Input)
        search.add_class("asked")
        search.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """See Textual."""
        self._wanted = event.value
        self._fill()

    def on_input_submitted(self) -> None:
        """See Textual."""
        if not self._wanted:
            self.query_one(Input).remove_class("asked")
        self.query_one(DataTable).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """See Textual."""
        shown = self._shown()
        if event.cursor_row < len(shown):
            card = shown[event.cursor_row]
            self.app.push_screen(ModelScreen(self._asking, card["name"], card["version"]))

    def _shown(self) -> list[Any]:
        cards = [card for card in self._cards if self._wanted.lower() in card["name"].lower()]
        return sorted(cards, key=ORDERS[self._order][1])

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear()
        for card in self._shown():
            table.add_row(*pictures.row(card, max(_LEAST_NAME, self.size.width - _OTHERS)))
        table.move_cursor(row=row)


class Top(App[None]):
    """Begins with the overview."""

    TITLE = "servescope top"
    ENABLE_COMMAND_PALETTE = False
    # Here, since Textual does not read that of an app's first screen.
    CSS = (
        "#search { display: none; } #search.asked { display: block; } Static { height: auto; } #findings { max-height: 40%; }"
        " DataTable { height: 1fr; min-height: 4; scrollbar-size-horizontal: 1; }"
    )

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self._asking = asking

    def get_default_screen(self) -> Screen[None]:
        """See Textual."""
        return OverviewScreen(self._asking)
