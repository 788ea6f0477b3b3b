"""The app of `top`, driven by keys, over documents that do not change."""

import asyncio

import pytest

pytest.importorskip("textual")

from servescope.cli.top.app import ModelScreen, OverviewScreen, Top
from servescope.errors import ServescopeError


def card(name, rate):
    return {
        "name": name, "version": "1.0", "state": "ready", "rate": rate, "error_ratio": 0, "error_rate": 0, "p50": 0.1, "p99": None,
        "queue": {"depth": 0}, "workers": {"states": {"ready": 1}, "wanted": 1}, "lines": {"rate": [1, None, 2]}, "stages": {},
        "worker_list": [], "llm": None, "autoscaler": None, "findings": [],
    }  # fmt: skip


class Answers:
    """What a server would say. `error`: instead."""

    error = ""

    def overview(self):
        if self.error:
            raise ServescopeError(self.error)
        front = {"cpu_ratio": None, "memory_bytes": 1.0}
        host = {"cpu_ratio": 0.5, "memory_ratio": None, "in_container": False, "front_end": front}
        server = {"version": "1", "hostname": "h", "pid": 1, "uptime_s": 1.0, "draining": False}
        cards = [card("[bold]a", 1.0), card("b\x1b[31m", 9.0)]
        return {"server": server, "findings": [], "models": cards, "host": host, "gpus": []}

    def model(self, name, version):
        return {
            **card(name, 1.0),
            "failures": {"failures": [], "withheld": "w"},
            "slowest": {"slowest": [], "withheld": "w"},
        }


async def until(pilot, condition):
    while not condition():
        await pilot.pause(0.01)


def drive(act, answers=None, size=(140, 40)):
    async def main():
        app = Top(answers or Answers())
        async with app.run_test(size=size) as pilot:
            await act(app, pilot)

    asyncio.run(asyncio.wait_for(main(), 60))


def rows(app):
    table = app.screen.query_one("#models")
    return [str(table.get_row_at(number)[0]) for number in range(table.row_count)]


def test_keys():
    """Sort, search, into a model, its failures, back, and out; names are text, whatever stands in them."""

    async def act(app, pilot):
        await until(pilot, lambda: len(rows(app)) == 2)
        assert rows(app) == ["[bold]a 1.0", "b\N{REPLACEMENT CHARACTER}[31m 1.0"]
        await pilot.press("s")
        assert rows(app)[0].startswith("b")
        search = app.screen.query_one("#search")
        assert not search.display
        await pilot.press("slash")
        assert search.display
        await pilot.press("b", "o", "l", "d", "enter")
        await until(pilot, lambda: len(rows(app)) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ModelScreen))
        await pilot.press("f", "f", "escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code == 0)

    drive(act)


def test_a_server_that_does_not_answer():
    """Is said to be so, and the app goes on."""
    answers = Answers()
    answers.error = "no answer from [there]"

    async def act(app, pilot):
        await until(pilot, lambda: any("[there]" in str(one.message) for one in app._notifications))
        answers.error = ""
        await pilot.press("r")
        await until(pilot, lambda: len(rows(app)) == 2)

    drive(act, answers)


class Foreign(Answers):
    """A server of another version, whose documents lack something."""

    def overview(self):
        document = super().overview()
        del document["models"][0]["workers"]
        return document


def test_a_server_of_another_version():
    """It is said in a sentence what to do, and the app goes on."""

    async def act(app, pilot):
        await until(pilot, lambda: any("the server's own version" in str(one.message) for one in app._notifications))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code == 0)

    drive(act, Foreign())


class Troubled(Answers):
    """A dozen things are wrong, and a name is long."""

    def overview(self):
        wrong = {"severity": "page", "summary": "something is wrong " * 5, "standing": "firing", "behind": None}
        return super().overview() | {"findings": [wrong] * 12, "models": [card("resnet-" + "x" * 100 + "-v7", 1.0)]}


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (140, 40)])
def test_small_terminals(size):
    """Whatever is wrong leaves room for the models, and a long name for its state."""

    async def act(app, pilot):
        await until(pilot, lambda: len(rows(app)) == 1)
        await until(pilot, lambda: app.screen.query_one("#models").size.height >= 3)
        await until(pilot, lambda: app.screen.query_one("#machine").region.bottom < size[1])
        (name,) = rows(app)
        assert name.startswith("resnet-")
        assert name.endswith("-v7 1.0")
        assert len(name) < max(20, size[0] // 2)

    drive(act, Troubled(), size)
