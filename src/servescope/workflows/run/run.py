"""A request on its way through a workflow's graph: each node is asked as soon as all before it have answered.

Made by `web.inference.workflows`, which is its `Client`. A node that fails is asked again as often as its options say; then the
request is over, and whatever else runs of it is taken back. The order is TorchServe's (ensemble/DagExecutor).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from servescope.errors import ModelNotFound, ServescopeError, WorkerFailed
from servescope.serving.model import Model
from servescope.serving.queue.job import Piece
from servescope.tracing.tracer import RequestSpan
from servescope.workflows.run.answer import answer_of
from servescope.workflows.run.attempt import Attempt, Headers
from servescope.workflows.run.path import Visit, critical_path, seconds_by_node, seconds_by_stage
from servescope.workflows.run.rows import Row, row_of
from servescope.workflows.workflow import Workflow

# Before a node is asked again whose model has taken nothing in: its queue is as full, or as empty of workers, as a moment ago.
PAUSE_S = 0.1


class Client(Protocol):
    """Who waits for the answer. Called once, on the loop's thread; must not raise."""

    def answered(self, answer: Piece) -> None:
        """What `answer` makes of the leaves."""

    def failed(self, error: ServescopeError) -> None:
        """There will be none."""


class Asked(Struct, eq=False):
    """A node that was asked; see `Visit`. `pause`: until it is asked again."""

    node: str
    after: str | None
    began: float
    row: Row
    attempts: list[Attempt]
    ended: float = 0.0
    pause: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether it may still answer."""
        return bool(self.pause) or any(not attempt.outcome for attempt in self.attempts)

    @property
    def visit(self) -> Visit:
        """What `path` wants to know of it."""
        return Visit(self.node, self.after, self.began, self.ended, [attempt.tried for attempt in self.attempts])


class Run(Struct, eq=False):
    """`find`: the model of a name. `began`: when the request had come in whole, monotonic seconds. `span`: the request's, None
    where nothing is traced.
    """

    workflow: Workflow
    find: Callable[[str], Model]
    client: Client
    request_id: str
    headers: Headers
    began: float
    span: RequestSpan | None = None
    open: bool = True
    _asked: dict[str, Asked] = {}  # msgspec gives each run its own, and so below
    _answers: dict[str, Piece] = {}
    _last: str = ""

    def begin(self, row: Row) -> None:
        """Ask the first node."""
        self.workflow.begun()
        self._start(self.workflow.spec.dag.root, None, self.began, row)

    def cancel(self) -> None:
        """The client waits no more: whatever runs is taken back. Does nothing once it is over."""
        if self.open:
            running = [asked for asked in self._asked.values() if asked.running]
            self._end(min(running, key=lambda asked: asked.began).node)

    def seconds(self, ended: float) -> tuple[dict[str, float], dict[str, float]]:
        """Where the time went of a request that was over at `ended`: by stage, and by node."""
        path = self._path()
        return seconds_by_stage(path, ended), seconds_by_node(path, ended)

    def forget(self) -> None:
        """Let go of its answers and attempts: they hold each other, and would be left to the garbage collector."""
        self._asked, self._answers = {}, {}

    def _path(self) -> Sequence[Visit]:
        return critical_path({node: asked.visit for node, asked in self._asked.items()}, self._last)

    def _start(self, node: str, after: str | None, now: float, row: Row) -> None:
        asked = self._asked[node] = Asked(node, after, now, row, [])
        self._try(asked, now)

    def _try(self, asked: Asked, now: float) -> None:
        asked.pause = None
        node = asked.node
        try:
            model = self.find(self.workflow.model_of(node))
        except ModelNotFound as error:
            self._fail(asked, error)
            return
        span = None if self.span is None else self.span.part()
        attempt = Attempt(self, self.workflow.name, node, model, len(asked.attempts) + 1, self.request_id, now, span)
        asked.attempts.append(attempt)
        attempt.submit(self.headers, asked.row, self.workflow.spec.nodes[node].options.timeout_ms)

    def answered(self, attempt: Attempt, body: Piece) -> None:
        """See `Asker`."""
        node = attempt.node
        self._count(attempt)
        self._asked[node].ended = attempt.ended
        self._answers[node] = body
        dag = self.workflow.spec.dag
        for child in dag.children[node]:
            if self.open and all(parent in self._answers for parent in dag.parents[child]):
                answers = {parent: self._answers[parent] for parent in dag.parents[child]}
                self._start(child, node, attempt.ended, row_of(answers))
        if self.open and all(leaf in self._answers for leaf in dag.leaves):
            self._finish(node)

    def failed(self, attempt: Attempt, error: ServescopeError) -> None:
        """See `Asker`."""
        self._count(attempt)
        asked = self._asked[attempt.node]
        if attempt.number > self.workflow.spec.nodes[attempt.node].options.retry_attempts:
            self._fail(asked, error)
        elif attempt.queued:
            self._try(asked, attempt.ended)
        else:
            again = asyncio.get_running_loop().call_later
            asked.pause = again(PAUSE_S, lambda: self._try(asked, time.monotonic()))

    def _finish(self, last: str) -> None:
        self._end(last)
        try:
            answer = answer_of({leaf: self._answers[leaf] for leaf in self.workflow.spec.dag.leaves})
        except ServescopeError as error:
            self.client.failed(error)
        else:
            self.client.answered(answer)

    def _fail(self, asked: Asked, error: ServescopeError) -> None:
        """TorchServe's words, and the reason."""
        self._end(asked.node)
        tries = len(asked.attempts)
        often = f" after {tries} attempts" if tries > 1 else ""
        raised = error.raised if isinstance(error, WorkerFailed) else None
        self.client.failed(WorkerFailed(f"Error executing {asked.node}{often}: {error.message}", raised=raised))

    def _end(self, last: str) -> None:
        """Nothing more is asked, and nothing that runs is waited for."""
        self.open, self._last = False, last
        for asked in self._asked.values():
            if asked.pause is not None:
                asked.pause.cancel()
            for attempt in asked.attempts:
                if not attempt.outcome:
                    attempt.cancel()
                    self._count(attempt)
        self.workflow.over()

    def _count(self, attempt: Attempt) -> None:
        self.workflow.recorder.attempted(attempt.node, attempt.outcome)
