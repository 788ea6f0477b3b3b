"""Whatever is asked on the three HTTP ports: TorchServe's Requests counters, and this project's own by route and code.

In: calls of `web`, and of `request_recorder` for predictions. Out: series in the registry. Made by `recorder.Recorder`.
"""

from servescope.metrics.instruments import Counter
from servescope.metrics.registry import Registry

METHODS = frozenset(("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"))
HOST = "Host"
OTHER = "other"
_MOST_CODES = 100


class PortRecorder:
    """Counts answers. `hostname` is the value of the Hostname label."""

    def __init__(self, registry: Registry, hostname: str) -> None:
        self._ok = registry.counter("Requests2XX").labels(HOST, hostname)
        self._client_error = registry.counter("Requests4XX").labels(HOST, hostname)
        self._server_error = registry.counter("Requests5XX").labels(HOST, hostname)
        self._http = registry.counter("servescope_http_requests_total")
        self._dropped = registry.counter("servescope_series_dropped_total")
        self._asked: dict[tuple[str, str, str, int], Counter] = {}

    def response_sent(self, status: int) -> None:
        """An answer began to leave, on any HTTP port; a stream counts once, with its first piece."""
        if 200 <= status < 300:
            self._ok.value += 1.0
        elif 400 <= status < 500:
            self._client_error.value += 1.0
        else:
            self._server_error.value += 1.0

    def http_request(self, listener: str, method: str, path: str, code: int) -> None:
        """What was asked on a port has its answer, or (499) lost its client. `path`: the route's template."""
        self._count(listener, method, path, code).value += 1.0

    def answered(self, listener: str, method: str, path: str, times: int) -> None:
        """So often an answer with status 200 was sent as a whole."""
        self._ok.value += times
        self._count(listener, method, path, 200).value += times

    def _count(self, listener: str, method: str, path: str, code: int) -> Counter:
        """The counter of a kind of request. Clients choose methods and handlers codes: unusual ones are counted together."""
        found = self._asked.get((listener, method, path, code))
        if found is not None:
            return found
        known = method in METHODS
        codes = sum(asked[:3] == (listener, method, path) for asked in self._asked) if known else 0
        if codes >= _MOST_CODES:
            self._dropped.labels("servescope_http_requests_total").value += 1.0
            return self._http.labels(listener, method, path, OTHER)
        counter = self._http.labels(listener, method if known else OTHER, path, str(code))
        if known:
            self._asked[listener, method, path, code] = counter
        return counter
