"""The writes of one registered workflow: its requests, in the families of models, and where their time went, by node.

In: calls of `workflows` and `web`, on the loop's thread. Out: series in the registry, at zero from now on. Made by `all`.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from servescope.metrics.definitions import ATTEMPT_OUTCOMES, WORKFLOW_VERSION
from servescope.metrics.instruments import Counter, Histogram
from servescope.metrics.recording.families import ModelFamilies, WorkflowFamilies
from servescope.metrics.recording.ports.ports import PortRecorder
from servescope.metrics.recording.requests.series import RequestSeries

WORKFLOW_ROUTE = "workflow"
LISTENER = "inference"
_UNFINISHED = 408
_SPOILT = 400  # see `requests.recorder`


class WorkflowOutcome(Struct, frozen=True, kw_only=True, eq=False):
    """What became of a request. `way`: its method and its path's template. `code`: 499 where its client hung up. `answered`: it was
    sent a whole answer. `stages`, `nodes`: its time in seconds, by stage and by node, each adding up to its duration; none where it
    came to no node. `arrived`, `ended`: monotonic seconds. Sizes in bytes. `trace_id`: "" where it is not traced.
    """

    way: tuple[str, str]
    code: int
    answered: bool
    arrived: float
    ended: float
    stages: Mapping[str, float]
    nodes: Mapping[str, float]
    received_bytes: int
    sent_bytes: int
    request_id: str
    trace_id: str


class WorkflowRecorder:
    """What happens to one workflow."""

    def __init__(
        self,
        families: ModelFamilies,
        own: WorkflowFamilies,
        port: PortRecorder,
        series: RequestSeries,
        name: str,
        nodes: Sequence[str],
    ) -> None:
        self._families = families
        self._own = own
        self._port = port
        self._series = series
        self._name = name
        self._info = (name, WORKFLOW_VERSION, "", WORKFLOW_VERSION, "", "", "")  # it runs with what its nodes do
        self._arrived = self._finished = 0
        self._nodes: set[str] = set()
        self._seconds: dict[str, Histogram] = {}
        self._attempts: dict[tuple[str, str], Counter] = {}
        self._rejected: dict[str, Counter] = {}
        self.attach(nodes)

    def attach(self, nodes: Sequence[str]) -> None:
        """It is registered, again perhaps: there is something in flight, and boards have its name to choose. Nodes that it had and
        has no more lose their series; whatever else there is counts on.
        """
        self._families.info.labels(*self._info).value = 1.0
        self._families.in_flight.read(lambda: self._arrived - self._finished, self._name, WORKFLOW_VERSION)
        self._remove(self._nodes - set(nodes))
        self._nodes = set(nodes)
        for node in nodes:
            self._seconds[node] = self._own.seconds.labels(self._name, WORKFLOW_VERSION, node)
            for outcome in ATTEMPT_OUTCOMES:
                self._attempts[node, outcome] = self._own.attempts.labels(self._name, WORKFLOW_VERSION, node, outcome)

    def arrived(self) -> None:
        """A request found it. Each must come to `finished` once."""
        self._arrived += 1

    def attempted(self, node: str, outcome: str) -> None:
        """An attempt of a node came to one of ATTEMPT_OUTCOMES."""
        self._attempts[node, outcome].value += 1.0

    def rejected(self, reason: str) -> None:
        """A request was refused, for one of REJECTION_REASONS."""
        counter = self._rejected.get(reason)
        if counter is None:
            counter = self._families.rejected.labels(self._name, WORKFLOW_VERSION, reason)
            self._rejected[reason] = counter
        counter.value += 1.0

    def finished(self, outcome: WorkflowOutcome) -> None:
        """A request that arrived came to its end."""
        self._finished += 1
        code, ended = outcome.code, outcome.ended
        if outcome.answered:
            self._port.response_sent(code)
        self._port.http_request(LISTENER, *outcome.way, code)
        self._series.count(WORKFLOW_ROUTE, code)
        mark = ("trace_id", outcome.trace_id) if outcome.trace_id else ("request_id", outcome.request_id)
        sizes = (outcome.received_bytes, outcome.sent_bytes)
        self._series.observe(code, ended - outcome.arrived, *sizes, (*mark, ended))
        self._series.observe_seconds(outcome.stages)
        for node, seconds in outcome.nodes.items():
            self._seconds[node].observe(seconds)

    def refused(self, code: int, arrived: float, ended: float, received_bytes: int) -> None:
        """A request was over before anything but its path was looked at; its port has counted it."""
        if code == 413:
            self.rejected("too_large")
        if code == _UNFINISHED:
            self.rejected("client_timeout")
            arrived = ended
        self._series.count(WORKFLOW_ROUTE, code)
        spoilt = _SPOILT if code == _UNFINISHED else code
        self._series.observe(spoilt, ended - arrived, received_bytes, 0, ("request_id", "", ended))
        self._series.observe_seconds({"dispatch": ended - arrived})

    def detach(self) -> None:
        """It was unregistered: there is nothing left that gauges could be true of."""
        self._families.info.remove(*self._info)
        self._families.in_flight.remove(self._name, WORKFLOW_VERSION)

    def remove(self) -> None:
        """Drop all series."""
        self.detach()
        self._series.remove()
        self._remove(self._nodes)
        for reason in self._rejected:
            self._families.rejected.remove(self._name, WORKFLOW_VERSION, reason)

    def _remove(self, nodes: Iterable[str]) -> None:
        """A request that is still on its way through the graph that was may yet write what nobody reads."""
        for node in nodes:
            self._own.seconds.remove(self._name, WORKFLOW_VERSION, node)
            for outcome in ATTEMPT_OUTCOMES:
                self._own.attempts.remove(self._name, WORKFLOW_VERSION, node, outcome)
