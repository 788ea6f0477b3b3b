"""The connections of the ports. In: calls of `web.http.clients`. Out: series in the registry. Made by `recorder.Recorder`."""

from collections.abc import Callable, Mapping

from servescope.metrics.definitions import ACCEPT_FAILURES, CLOSING_REASONS, CONNECTION_STATES
from servescope.metrics.registry import Registry


class ConnectionRecorder:
    """Gives each port its own writes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def port(self, listener: str) -> "PortConnections":
        """Those of the port of this API."""
        return PortConnections(self._registry, listener)


class PortConnections:
    """The writes of one port. Its series exist, at zero, from now on."""

    def __init__(self, registry: Registry, listener: str) -> None:
        closed = registry.counter("servescope_connections_closed_total")
        failures = registry.counter("servescope_accept_failures_total")
        states = registry.gauge("servescope_connections")
        self._closed = {why: closed.labels(listener, why) for why in CLOSING_REASONS}
        self._failures = {why: failures.labels(listener, why) for why in ACCEPT_FAILURES}
        self._states = {state: states.labels(listener, state) for state in CONNECTION_STATES}
        self._before_collect = registry.before_collect

    def show(self, census: Callable[[], Mapping[str, int]]) -> None:
        """Let `census` say at scrape time how many connections are in each of CONNECTION_STATES."""

        def count() -> None:
            for state, number in census().items():
                self._states[state].value = float(number)

        self._before_collect(count)

    def closed(self, reason: str) -> None:
        """The server ended a connection, for one of CLOSING_REASONS."""
        self._closed[reason].value += 1.0

    def accept_failed(self, reason: str) -> None:
        """No further connection can be taken, for one of ACCEPT_FAILURES."""
        self._failures[reason].value += 1.0
