"""The models of a workflow's nodes: its specification in, models that are registered and serve out, or an error that names them.

Called by `lifecycle`, which takes back what has begun where one cannot be registered. All begin at once, as in TorchServe
(workflow/WorkflowManager), whose words the errors have.
"""

import asyncio

from servescope.archive.manifest import Manifest
from servescope.archive.reader import Archive
from servescope.archive.war.archive import WarArchive
from servescope.archive.war.errors import InvalidWorkflow
from servescope.config.model.calls.workflow import WorkflowOptions
from servescope.config.model.options import RegisterOptions
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.config.names import fault_of
from servescope.errors import ServescopeError, ServiceUnavailable, WorkerFailed
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller, CallerLeft
from servescope.workflows.errors import WorkflowNotRegistered
from servescope.workflows.spec.spec import Node, Spec
from servescope.workflows.workflow import model_name


async def register_nodes(war: WarArchive, spec: Spec, options: WorkflowOptions, models: Lifecycle) -> None:
    """Register a model for each node, and wait for all their workers; when one cannot be, for none any more.

    Raises:
        InvalidWorkflow: a node asks for more workers than a model may have.
        WorkflowNotRegistered: one or more could not be registered, or did not start. What was is left to the caller.
        ServiceUnavailable: the server is stopping.
    """
    for node in spec.nodes.values():
        _check(node, war, models.counts.most_workers)
    callers = [Caller(internal=True) for _ in spec.nodes]
    tasks = [
        asyncio.create_task(_register(war, node, options, models, caller))
        for node, caller in zip(spec.nodes.values(), callers, strict=True)
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for caller in callers:
            caller.leave()
        await asyncio.wait(tasks)
    failed = {node: task.exception() for node, task in zip(spec.nodes, tasks, strict=True)}
    _raise_failures(war.name, {node: error for node, error in failed.items() if error is not None})


def _check(node: Node, war: WarArchive, most: int) -> None:
    name = model_name(war.name, node.name)
    if (fault := fault_of(name)) is not None:
        raise InvalidWorkflow(f"Workflow Node {fault}")
    if node.options.max_workers > most:
        what = f"{war.spec_file} of {war.url}: {node.name}: max-workers={node.options.max_workers}"
        raise InvalidWorkflow(f"{what} must be at most {most} ({MAX_WORKERS_KEY})")


async def _register(
    war: WarArchive, node: Node, options: WorkflowOptions, models: Lifecycle, caller: Caller
) -> Outcome:
    asked = RegisterOptions(
        url=node.url or "",
        model_name=model_name(war.name, node.name),
        batch_size=node.options.batch_size,
        max_batch_delay=node.options.max_batch_delay_ms,
        initial_workers=node.options.max_workers,
        response_timeout=options.response_timeout,
        startup_timeout=options.startup_timeout,
        workflow=war.name,
    )
    if node.url is not None:
        return await models.register(asked, caller)
    return await models.register_opened(_function(war, node.name), asked, caller)


def _function(war: WarArchive, node: str) -> Archive:
    """The model that a function is: its files are the workflow's, and go with that."""
    manifest = Manifest(model_name=model_name(war.name, node), handler=f"{war.handler}:{node}")
    return Archive(manifest, war.directory, "", war.fetched.path, None, owned=False)


def _raise_failures(name: str, errors: dict[str, BaseException]) -> None:
    told = {node: error for node, error in errors.items() if not isinstance(error, CallerLeft)}
    for error in told.values():
        if not isinstance(error, ServescopeError) or (
            isinstance(error, ServiceUnavailable) and error.why == "draining"
        ):
            raise error
    if told:
        texts = [_text(model_name(name, node), error) for node, error in told.items()]
        raise WorkflowNotRegistered(f"Workflow {name} has failed to register. Failures: [{', '.join(texts)}]")


def _text(model: str, error: BaseException) -> str:
    if isinstance(error, WorkerFailed):  # which names the model
        return str(error)
    return f"Workflow Node {model} failed to register. Details: {error}"
