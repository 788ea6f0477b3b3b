"""A collector of hosts gives what it finds here and what is told of others, and says of which host something is lacking."""

import pytest

from servescope.metrics.collectors.everywhere import Everywhere
from servescope.metrics.collectors.reading import PartlyFailed, Reading
from servescope.metrics.recording.hosts import Found, OtherHosts


def reading(host, value=1.0):
    return ("CPUUtilization", ("Host", host), value)


class Here:
    name = "cpu"

    def __init__(self):
        self.trouble = None

    def update(self):
        if self.trouble is not None:
            raise self.trouble
        return [Reading(*reading("here"))]


@pytest.fixture
def hosts():
    return OtherHosts("here")


@pytest.fixture
def here():
    return Here()


@pytest.fixture
def everywhere(here, hosts):
    return Everywhere(here, hosts.snapshot)


def labels(readings):
    return sorted(one.labels[-1] for one in readings)


def test_all_of_them(everywhere, hosts):
    """Those that are there now: a host that has gone is told of no more."""
    assert everywhere.name == "cpu"
    assert labels(everywhere.update()) == ["here"]
    hosts.told("a", {"cpu": Found([reading("a")]), "memory": Found([("MemoryUsed", ("Host", "a"), 1.0)])})
    hosts.told("b", {"memory": Found([])})
    assert labels(everywhere.update()) == ["a", "here"]
    hosts.told("a", {"cpu": Found([reading("a", 2.0)])})
    assert max(one.value for one in everywhere.update()) == 2.0
    hosts.gone("a")
    hosts.gone("never there")
    assert labels(everywhere.update()) == ["here"]


@pytest.mark.parametrize("trouble", [PartlyFailed([Reading(*reading("half"))], "half"), OSError("gone"), OSError()])
def test_here_it_fails(everywhere, here, hosts, trouble):
    """Others are shown all the same."""
    here.trouble = trouble
    with pytest.raises(type(trouble)):
        everywhere.update()
    hosts.told("a", {"cpu": Found([reading("a")])})
    with pytest.raises(PartlyFailed, match=str(trouble) or "OSError") as caught:
        everywhere.update()
    assert labels(caught.value.readings) == sorted(["a", *labels(getattr(trouble, "readings", []))])


def test_there_it_fails(everywhere, hosts):
    """The host is named."""
    hosts.told("a", {"cpu": Found([reading("a")], "no /proc")})
    hosts.told("b", {"cpu": Found([], "neither")})
    with pytest.raises(PartlyFailed, match=r"^a: no /proc; b: neither$") as caught:
        everywhere.update()
    assert labels(caught.value.readings) == ["a", "here"]
