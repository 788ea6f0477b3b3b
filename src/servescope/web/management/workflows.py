"""The management API's calls about workflows: list, register, describe, unregister. Called by `api`; contract, section H."""

from typing import Any

from servescope.config.model.calls.page import parse_page
from servescope.config.model.calls.workflow import parse_workflow, parse_workflow_body
from servescope.errors import MethodNotAllowed
from servescope.serving.outcome import Outcome
from servescope.web.http.bodies import mime_of
from servescope.web.http.face import warnings_part
from servescope.web.management.call import Call
from servescope.workflows.catalog import Workflows
from servescope.workflows.description import describe, entry
from servescope.workflows.lifecycle import WorkflowLifecycle


class WorkflowCalls:
    """Paths below /workflows. `changes` False: nothing may be registered or unregistered."""

    def __init__(self, workflows: Workflows, lifecycle: WorkflowLifecycle, *, changes: bool) -> None:
        self._workflows = workflows
        self._lifecycle = lifecycle
        self._changes = changes

    async def answer(self, call: Call, names: list[str]) -> Any:
        """An answer of the API. `names`: the path's segments behind /workflows; all but the first mean nothing, as in TorchServe.

        Raises:
            MethodNotAllowed: there is no such call.
            ServescopeError: as `WorkflowLifecycle` and `Workflows` do.
        """
        match call.request.method, names[:1]:
            case "GET", []:
                return self._list(call)
            case "POST", []:
                return await self._register(call)
            case "GET", [name]:
                call.takes()
                return [describe(self._workflows.find(name))]
            case "DELETE", [name]:
                self._require_changes()
                call.takes()
                return await self._lifecycle.unregister(name, call.caller)
        raise MethodNotAllowed

    def _list(self, call: Call) -> dict[str, Any]:
        """One page of them by name. A token for the next is given even where the page ends exactly at the end."""
        asked = parse_page(call.query, call.warn)
        found, end = list(self._workflows), asked.start + asked.limit
        page: dict[str, Any] = {"nextPageToken": str(end)} if len(found) >= end else {}
        page["workflows"] = [entry(workflow) for workflow in found[asked.start : end]]
        return page | warnings_part(call.warnings)

    async def _register(self, call: Call) -> Outcome:
        self._require_changes()
        if mime_of(call.request.content_type) == b"application/json":
            if call.query:
                call.warn(f"beside a JSON body the query is ignored: {', '.join(call.query):.200}")
            options = parse_workflow_body(call.request.whole_body, call.warn)
        else:
            options = parse_workflow(call.query, call.warn)
        return await self._lifecycle.register(options, call.caller, call.warn)

    def _require_changes(self) -> None:
        if not self._changes:
            raise MethodNotAllowed
