"""Which agents tell of the hosts that they are on: of each host but this one, one of those that have a worker there.

In: workers that come and go, what their agents tell. Out: `metrics.recording.hosts.OtherHosts`. Made by `backends.ray.backend`,
called by `worker`.
"""

from collections.abc import Callable
from typing import Protocol

from servescope.metrics.recording.hosts import Found, OtherHosts
from servescope.wire.agent import ToAgent, Watch, Watched


class Watcher(Protocol):
    """A worker elsewhere. `host`: its machine's name, "" until that is known."""

    @property
    def host(self) -> str:
        """See the class."""

    @property
    def tell_agent(self) -> Callable[[ToAgent], None]:
        """Sends to its agent."""


class Watchers:
    """By host, in the order in which they came: the first tells."""

    def __init__(self, hosts: OtherHosts) -> None:
        self._hosts = hosts
        self._there: dict[str, list[Watcher]] = {}

    def came(self, worker: Watcher) -> None:
        """A worker has started, and its host is known."""
        if worker.host == self._hosts.own or not self._hosts.collectors:
            return
        there = self._there.setdefault(worker.host, [])
        there.append(worker)
        if len(there) == 1:
            self._ask(worker)

    def went(self, worker: Watcher) -> None:
        """It has ended, or is lost; another tells from now on, if there is one. Nothing happens where it never came."""
        there = self._there.get(worker.host, [])
        if worker not in there:
            return
        told = there[0] is worker
        there.remove(worker)
        if not there:
            del self._there[worker.host]
            self._hosts.gone(worker.host)
        elif told:
            self._ask(there[0])

    def heard(self, worker: Watcher, watched: Watched) -> None:
        """Its agent has looked."""
        there = self._there.get(worker.host)
        if there and there[0] is worker:
            found = {name: Found(readings, trouble) for name, (readings, trouble) in watched.found.items()}
            self._hosts.told(worker.host, found)

    def _ask(self, worker: Watcher) -> None:
        worker.tell_agent(Watch(list(self._hosts.collectors), self._hosts.interval_s))
