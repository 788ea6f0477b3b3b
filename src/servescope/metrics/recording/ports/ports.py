"""Whatever is asked on the three HTTP ports: TorchServe's Requests counters, and this project's own by route and code.

In: calls of `web`, and of `request_recorder` for predictions. Out: series in the registry. Made by `recorder.Recorder`.
"""

from collections import Counter as Tally

from servescope.metrics.drops import OTHER
from servescope.metrics.instruments import Counter
from servescope.metrics.recording.codes import USUAL_CODES, code_class
from servescope.metrics.registry import Registry

METHODS = frozenset(("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"))
HOST = "Host"
_MOST_CODES = 100


class PortRecorder:
    """Counts answers. `hostname` is the value of the Hostname label."""

    def __init__(self, registry: Registry, hostname: str) -> None:
        self._ok = registry.counter("Requests2XX").labels(HOST, hostname)
        self._client_error = registry.counter("Requests4XX").labels(HOST, hostname)
        self._server_error = registry.counter("Requests5XX").labels(HOST, hostname)
        self._http = registry.counter("servescope_http_requests_total")
        self._drops = registry.drops
        self._warn_once = registry.warn_once
        self._asked: dict[tuple[str, str, str, int], Counter] = {}
        self._codes: Tally[tuple[str, str, str]] = Tally()

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

    def called(self, listener: str, method: str, path: str, times: int) -> None:
        """So often a call of gRPC had its answer."""
        self._count(listener, method, path, 200).value += times

    def _count(self, listener: str, method: str, path: str, code: int) -> Counter:
        """The counter of a kind of request. Clients choose methods, and handlers codes: methods that HTTP does not have are
        counted together, and codes past _MOST_CODES by their class.
        """
        found = self._asked.get((listener, method, path, code))
        if found is not None:
            return found
        if method not in METHODS and method != OTHER:
            return self._count(listener, OTHER, path, code)
        way = (listener, method, path)
        if self._codes[way] >= _MOST_CODES and code not in USUAL_CODES:
            name = self._http.definition.name
            self._drops.count(name, "series_budget")
            text = f"{method} {path} was answered with {_MOST_CODES} codes; {name} has further ones by class, as {code_class(code)}"
            self._warn_once(f"series:{':'.join(way)}:{name}", text)
            return self._http.labels(*way, code_class(code))
        self._codes[way] += 1
        counter = self._asked[listener, method, path, code] = self._http.labels(*way, str(code))
        return counter
