"""Of each host but this one, one agent tells, as long as any worker is there."""

import pytest

from servescope.fleet.backends.remote.watchers import Watchers
from servescope.metrics.recording.hosts import Found, OtherHosts
from servescope.wire.agent import Watch, Watched

READING = ("CPUUtilization", ("Host", "a"), 5.0)
WATCHED = Watched({"cpu": ([READING], "")})


class Worker:
    def __init__(self, host):
        self.host = host
        self.asked = []
        self.tell_agent = self.asked.append


@pytest.fixture
def hosts():
    return OtherHosts("here", ["cpu"], 7.0)


@pytest.fixture
def watchers(hosts):
    return Watchers(hosts)


def come(watchers, *names):
    workers = [Worker(name) for name in names]
    for worker in workers:
        watchers.came(worker)
    return workers


def test_one_a_host(watchers, hosts):
    """Two nodes of one machine have one name; what another says of it is not taken."""
    first, second, other = come(watchers, "a", "a", "b")
    assert [worker.asked for worker in (first, second, other)] == [[Watch(["cpu"], 7.0)], [], [Watch(["cpu"], 7.0)]]
    watchers.heard(second, WATCHED)
    assert hosts.snapshot() == {}
    watchers.heard(first, WATCHED)
    assert hosts.snapshot() == {"a": {"cpu": Found([READING])}}


def test_another_goes_on(watchers, hosts):
    """When the one that tells has gone; what it told is shown until then. The last one's end ends it."""
    first, second = come(watchers, "a", "a")
    watchers.heard(first, WATCHED)
    watchers.went(first)
    watchers.went(first)
    assert second.asked == [Watch(["cpu"], 7.0)]
    assert hosts.snapshot()
    watchers.heard(first, WATCHED)
    watchers.went(second)
    assert hosts.snapshot() == {}
    watchers.heard(second, WATCHED)
    assert hosts.snapshot() == {}


def test_one_that_does_not_tell_goes(watchers):
    """The first tells on, and is not asked again."""
    first, second, third = come(watchers, "a", "a", "a")
    watchers.went(second)
    watchers.went(first)
    assert [len(worker.asked) for worker in (first, second, third)] == [1, 0, 1]


def test_this_host(watchers, hosts):
    """Has collectors of its own."""
    (worker,) = come(watchers, "here")
    watchers.heard(worker, WATCHED)
    watchers.went(worker)
    assert (worker.asked, hosts.snapshot()) == ([], {})


def test_nobody_wants_to_know():
    """Where nothing is recorded, or no collector of hosts is on."""
    (worker,) = come(Watchers(OtherHosts("here")), "a")
    assert worker.asked == []
