"""What has become of each model of a start, a line for each turn, and whether waiting may help."""

import pytest

from servescope.cli.client.readiness import what_lacks
from servescope.cli.start.progress import Progress, hopeless, longest_load_s


def model(standing, *, why="", lacking=True, asked_as="m", failed_loads=0, asked_for=1, version="1.0", timeout_s=120):
    return {
        "name": "m", "version": version, "standing": standing, "asked_as": asked_as, "lacking": lacking, "why": why,
        "reason": "refused", "at_work": 0, "asked_for": asked_for, "startup_timeout_s": timeout_s,
        "failed_loads": failed_loads, "restarts": {}, "workers": [],
    }  # fmt: skip


def survey(*models, draining=False):
    return {"ready": not any(one["lacking"] for one in models), "draining": draining, "models": list(models)}


def told(*surveys):
    """The lines for one survey after the other, a second apart."""
    lines, clock = [], iter(range(1, 100))
    progress = Progress(lines.append, lambda: next(clock))
    for one in surveys:
        progress.tell(one)
    return lines


def test_each_turn_once():
    """Nothing is said twice, and a load that is tried again is not loading anew."""
    waiting, loading = model("waiting", version=None), model("loading")
    failed, other = (model("failed", why=why) for why in ("no weights", "no room"))
    ready = model("ready", lacking=False)
    turns = [waiting, loading, loading, failed, loading, failed, other, ready, ready]
    assert told(*map(survey, turns)) == [
        "m: loading",
        "m 1.0: failed: no weights (it is tried again)",
        "m 1.0: failed: no room (it is tried again)",
        "m 1.0: ready after 1 s",
    ]


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (model("missing", version=None, why="not found at: m.mar"), "m: failed: not found at: m.mar"),
        (model("missing", version=None), "m: failed: refused"),
        (model("given_up", why="no weights"), "m 1.0: failed: no weights; it is given up"),
        (model("idle", lacking=False), "m 1.0: ready after 1 s"),
    ],
)
def test_ends(one, line):
    """The last that is said of a model."""
    assert told(survey(one), survey(one)) == [line]


def test_later_registrations_are_nobodys_business():
    """They were not waited for, and are no reason to wait."""
    later = model("failed", asked_as=None, why="x", failed_loads=99, timeout_s=9000)
    assert told(survey(later)) == []
    assert not hopeless(survey(later, model("loading")))
    assert longest_load_s(survey(later), 7) == 7


@pytest.mark.parametrize(
    ("one", "nothing_to_hope"),
    [
        (model("loading"), False),
        (model("waiting", version=None), False),
        (model("failed", failed_loads=2), False),
        (model("failed", failed_loads=3), True),
        (model("failed", failed_loads=11, asked_for=4), False),
        (model("failed", failed_loads=12, asked_for=4), True),
        (model("given_up"), True),
        (model("missing", version=None), True),
        (model("ready", lacking=False), False),
    ],
)
def test_whether_waiting_may_help(one, nothing_to_hope):
    """No more once it is missing or given up, or each worker has failed three times; one that loads is worth waiting for."""
    assert hopeless(survey(one)) is nothing_to_hope
    assert not hopeless(survey(one, model("loading")))


def test_how_long_a_load_may_take():
    """The longest of those that are registered."""
    assert longest_load_s(survey(model("loading", timeout_s=5), model("loading", timeout_s=1800)), 120) == 1800
    assert longest_load_s(survey(model("waiting", version=None, timeout_s=0)), 120) == 120


def test_what_lacks():
    """Each with its reason, and those that are on their way too."""
    missing, loading = model("missing", version=None, why="gone"), model("loading")
    waiting = model("waiting", version=None, why="not unpacked")
    said = what_lacks(survey(missing, loading, waiting, model("ready", lacking=False)))
    assert said == "m: gone; m 1.0: its workers are loading; m: not unpacked"
    assert what_lacks(survey(missing, draining=True)) == "the server is stopping"
    assert what_lacks({"ready": False, "draining": False, "models": []}) == "it has only begun"
