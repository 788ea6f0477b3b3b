"""The life of workflows: register and unregister, and the end of them all.

Called by `web.management.workflows`, and by `server.workflows` at the end. Each call changes the catalog in one step on the loop's
thread. Those that change one workflow wait for their turns (`serving.turns`), and go on when their caller leaves.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from servescope.archive.war.archive import WarArchive, open_war
from servescope.archive.war.source import fetch_war
from servescope.config.model.calls.workflow import WorkflowOptions
from servescope.config.settings import Settings
from servescope.config.shown_url import shown_url
from servescope.errors import Conflict, RequestTimeout, ServiceUnavailable
from servescope.metrics.definitions import WORKFLOW_VERSION
from servescope.metrics.recording.recorder import Recorder
from servescope.serving.catalog import Catalog
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller, CallerLeft, Turn, Turns
from servescope.workflows.catalog import Workflows
from servescope.workflows.errors import WorkflowNotRegistered
from servescope.workflows.nodes import register_nodes
from servescope.workflows.spec.spec import Spec, parse_spec
from servescope.workflows.workflow import Workflow, model_name

logger = logging.getLogger("servescope.serving")

CLOSE_WAIT_S = 5.0

T = TypeVar("T")
Warn = Callable[[str], None]


class WorkflowLifecycle:
    """Changes the workflows that `workflows` has. `models`, `catalog`: of the models. `workspace`: where archives are unpacked."""

    def __init__(
        self,
        workflows: Workflows,
        models: Lifecycle,
        catalog: Catalog,
        recorder: Recorder,
        settings: Settings,
        workspace: Path,
    ) -> None:
        self._workflows = workflows
        self._models = models
        self._catalog = catalog
        self._recorder = recorder
        self._settings = settings
        self._workspace = workspace
        self._grace_s = float(settings.unregister_model_timeout)
        self._turns = Turns("Workflow")
        self._tasks: set[asyncio.Task[Any]] = set()

    async def register(self, options: WorkflowOptions, caller: Caller, warn: Warn) -> Outcome:
        """Register a workflow's models, wait for their workers, and make it known. `warn` is told what is odd about it.

        Raises:
            ServescopeError: it cannot be registered, or a worker does not start: then nothing of it is left.
            CallerLeft: the caller did not wait for the turn, when nothing is registered, or for the workers, which go on.
        """
        self._models.refuse_if_closed()  # before a download
        war = await asyncio.to_thread(self._open, options)
        try:
            self._workflows.refuse_duplicate(war.name)
            turn = await self._turns.take(war.name, caller)
        except BaseException:
            await asyncio.to_thread(war.close)
            raise
        return await self._go_on(self._register(war, options, turn, warn), caller)

    async def unregister(self, name: str, caller: Caller) -> Outcome:
        """Take a workflow away: new requests find it no more, those under way are finished, then its models go.

        Raises:
            WorkflowNotFound: there is none.
            RequestTimeout: they were not finished within unregister_model_timeout, and were ended.
            CallerLeft: the caller did not wait for the turn, when nothing changes, or for the end, which goes on.
        """
        turn = await self._turns.take(name, caller)
        return await self._go_on(self._unregister(name, turn), caller)

    async def close(self) -> None:
        """The server ends, and so have its models: whoever registers one is told so in a moment."""
        self._turns.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_WAIT_S)
        for workflow in self._workflows:
            await asyncio.to_thread(workflow.war.close)

    async def _go_on(self, work: Coroutine[Any, Any, T], caller: Caller) -> T:
        """Wait for what is to be done to its end even if nobody waits any more; then the log has the error."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await caller.wait(task)
        except CallerLeft:
            task.add_done_callback(_tell_the_log)
            raise

    def _open(self, options: WorkflowOptions) -> WarArchive:
        settings = self._settings
        fetched = fetch_war(options.url, settings.workflow_store, settings.allowed_urls)
        return open_war(fetched, shown_url(options.url), self._workspace, options.workflow_name)

    async def _register(self, war: WarArchive, options: WorkflowOptions, turn: Turn, warn: Warn) -> Outcome:
        with turn:
            try:
                self._workflows.refuse_duplicate(war.name)
                spec = parse_spec(war.spec_text, f"{war.url}: {war.spec_file}", war.handler, warn)
                await self._begin(war, spec, options)
            except BaseException:
                await asyncio.to_thread(war.close)
                raise
            recorder = self._recorder.workflows.begin(war.name, spec.dag.nodes)
            self._workflows.add(Workflow(war, spec, recorder))
        logger.info("Workflow %s is registered from %s: %s", war.name, war.url, spec.dag)
        return Outcome(200, f"Workflow {war.name} has been registered and scaled successfully.")

    def _reserve(self, name: str) -> None:
        """Its requests are counted where those of a model of its name and this version would be."""
        key = (name, WORKFLOW_VERSION)
        if key in self._catalog:
            raise Conflict(
                f"Workflow {name} is counted as version {WORKFLOW_VERSION} of {name}, and there is such a model."
            )
        self._catalog.reserved[key] = f"the workflow {name} is counted under it"

    async def _begin(self, war: WarArchive, spec: Spec, options: WorkflowOptions) -> None:
        self._reserve(war.name)
        try:
            await register_nodes(war, spec, options, self._models)
            self._refuse_gaps(war.name, spec)
        except BaseException:
            await self._take_back(war.name, self._grace_s)
            raise

    def _refuse_gaps(self, name: str, spec: Spec) -> None:
        """Somebody may have unregistered a model while others loaded."""
        there = {model.name for model in self._catalog if model.workflow == name}
        gone = [model for node in spec.nodes if (model := model_name(name, node)) not in there]
        if gone:
            what = f"Workflow Node {', '.join(gone)} was unregistered meanwhile"
            raise WorkflowNotRegistered(f"Workflow {name} has failed to register. Failures: [{what}]")

    async def _take_back(self, name: str, grace_s: float) -> bool:
        """Unregister its models. Whether they finished in `grace_s`; while the server stops they go with all others."""
        try:
            return await self._models.unregister_of_workflow(name, grace_s)
        except ServiceUnavailable:
            return True
        finally:
            self._catalog.reserved.pop((name, WORKFLOW_VERSION), None)

    async def _unregister(self, name: str, turn: Turn) -> Outcome:
        with turn:
            workflow = self._workflows.remove(name)
            text = "Workflow %s unregistered: it finishes %d requests that are in flight, in %g s at most"
            logger.info(text, name, workflow.running, self._grace_s)
            until = time.monotonic() + self._grace_s
            try:
                in_time = await self._rested(workflow, self._grace_s)
                left_s = max(0.0, until - time.monotonic()) if in_time else 0.0
                in_time = await self._take_back(name, left_s) and in_time
            finally:
                self._recorder.workflows.forget(name)
                await asyncio.to_thread(workflow.war.close)
        if not in_time:
            raise RequestTimeout(f"Timed out while cleaning resources: {name}")
        return Outcome(200, f'Workflow "{name}" unregistered')

    async def _rested(self, workflow: Workflow, grace_s: float) -> bool:
        """Wait for the requests that are under way. Whether they were answered in time."""
        try:
            await asyncio.wait_for(workflow.at_rest(), grace_s)
        except TimeoutError:
            return False
        return True


def _tell_the_log(task: "asyncio.Task[Any]") -> None:
    """Nobody else hears of it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s", error)
