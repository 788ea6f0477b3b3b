"""Requests of workflows: from the port to `workflows.run`, and back. Called by `api`.

A client is answered once, however many nodes were asked; its request is counted once, in the series of its workflow.
"""

from msgspec import Struct

from servescope.errors import ModelNotFound, ServescopeError, WorkerFailed
from servescope.metrics.recording.workflows.recorder import WorkflowOutcome
from servescope.serving.catalog import Catalog
from servescope.serving.queue.job import Piece
from servescope.serving.readiness.health import Health
from servescope.serving.refusals import draining
from servescope.tracing.finished import FinishedRequest
from servescope.tracing.tracer import RequestSpan, Tracer
from servescope.web.http.bodies import mime_of
from servescope.web.http.exchange import Exchange
from servescope.web.http.face import JSON_TYPE
from servescope.web.http.request import Request
from servescope.web.inference.fields import fields_of
from servescope.web.inference.told import asked_by
from servescope.web.routes import Route
from servescope.workflows.catalog import Workflows
from servescope.workflows.run.rows import Row
from servescope.workflows.run.run import Run
from servescope.workflows.workflow import Workflow


class WorkflowPredictions:
    """`/wfpredict/{workflow_name}`. `tracer` None: no spans."""

    def __init__(self, workflows: Workflows, catalog: Catalog, health: Health, tracer: Tracer | None) -> None:
        self._workflows = workflows
        self._catalog = catalog
        self._health = health
        self._tracer = tracer

    def predict(self, exchange: Exchange, route: Route) -> None:
        """Take a request through its workflow, whatever its method, as in TorchServe."""
        workflow = self._workflows.find(route.model)
        prediction = WorkflowPrediction(exchange, workflow)
        exchange.watcher = prediction
        workflow.recorder.arrived()
        if self._health.draining:
            workflow.recorder.rejected("draining")
            raise draining()
        request, root = exchange.request, workflow.spec.dag.root
        try:
            model = self._catalog.find(workflow.model_of(root))
        except ModelNotFound as error:
            raise WorkerFailed(f"Error executing {root}: {error}") from error
        row = fields_of(request, mime_of(request.content_type), route, model)
        prediction.begin(self._catalog, self._tracer, row)

    def refused(self, request: Request, route: Route, code: int, ended: float) -> None:
        """See `app.Handler`. The request is one of its workflow's, if there is one."""
        try:
            recorder = self._workflows.find(route.model).recorder
        except ServescopeError:
            return
        recorder.refused(code, request.received or ended, ended, request.size)


class WorkflowPrediction(Struct, eq=False):
    """The client of a run, and the watcher of its exchange."""

    _exchange: Exchange
    _workflow: Workflow
    _run: Run | None = None
    _span: RequestSpan | None = None
    _error: ServescopeError | None = None

    def begin(self, catalog: Catalog, tracer: Tracer | None, row: Row) -> None:
        """Ask the first node."""
        exchange = self._exchange
        headers = exchange.request.headers
        self._span = None if tracer is None else tracer.begin(headers)
        exchange.connection.on_lost = self.lost
        workflow, began = self._workflow, exchange.began
        self._run = Run(workflow, catalog.find, self, exchange.request_id, headers, began, self._span)
        self._run.begin(row)

    def answered(self, answer: Piece) -> None:
        """See `Client`."""
        self._exchange.answer(200, [JSON_TYPE], answer)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self._exchange.fail(error)

    def lost(self) -> None:
        """The client hung up."""
        if self._run is not None:
            self._run.cancel()
        self._exchange.close()

    def failing(self, error: ServescopeError) -> None:
        """See `exchange.Watcher`."""
        self._error = error

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""
        exchange = self._exchange
        request = exchange.request
        stages, nodes = self._seconds(ended)
        trace_id = self._trace(code, ended)
        self._run = None  # they hold each other
        self._workflow.recorder.finished(
            WorkflowOutcome(
                way=(request.method, exchange.route),
                code=code,
                answered=exchange.started,
                arrived=exchange.began,
                ended=ended,
                stages=stages,
                nodes=nodes,
                received_bytes=request.size,
                sent_bytes=size,
                request_id=exchange.request_id,
                trace_id=trace_id,
            )
        )

    def _seconds(self, ended: float) -> tuple[dict[str, float], dict[str, float]]:
        """Where its time went, by stage and by node; where none was asked, the first would have been next."""
        if self._run is None:
            whole = ended - self._exchange.began
            return {"dispatch": whole}, {self._workflow.spec.dag.root: whole}
        self._run.cancel()  # nothing is left to run, unless the exchange ended of itself
        found = self._run.seconds(ended)
        self._run.forget()
        return found

    def _trace(self, code: int, ended: float) -> str:
        """Finish its span. The trace's id, "" where it is not traced."""
        span = self._span
        if span is None or not span.trace_id:
            return ""
        span.finish(self._told(code, ended))
        return span.trace_id

    def _told(self, code: int, ended: float) -> FinishedRequest:
        return FinishedRequest(
            began=self._exchange.began,
            ended=ended,
            status=code,
            model=self._workflow.name,
            version="",
            request_id=self._exchange.request_id,
            stages={},
            workflow=True,
            raised=self._error.raised if isinstance(self._error, WorkerFailed) else None,
            **asked_by(self._exchange),
        )
