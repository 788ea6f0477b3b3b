"""POST /workflows: in, its query or JSON body; out, `WorkflowOptions`. Called by `web.management`.

Names are TorchServe's (workflow/messages/RegisterWorkflowRequest). Its JSON reader takes 0 for a timeout that was not given, so
that no worker loads in time; here the default holds.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from servescope.config.bounds import MAX_TIMEOUT_S
from servescope.config.model.calls.parameters import Bounds, Parameters, Unfit, Warn
from servescope.config.names import fault_of
from servescope.errors import BadRequest, JsonSyntax

_TIMEOUT: Final = Bounds(1, MAX_TIMEOUT_S, unfit=Unfit.ALL_IS_DEFAULT)
NAMES: Final = frozenset({"url", "workflow_name", "response_timeout", "startup_timeout", "s3_sse_kms"})


class WorkflowOptions(Struct, frozen=True, kw_only=True):
    """A registration's parameters, None where they were not given. Timeouts in seconds, of each of its models."""

    url: str
    workflow_name: str | None = None
    response_timeout: int | None = None
    startup_timeout: int | None = None


def parse_workflow(params: Mapping[str, str], warn: Warn) -> WorkflowOptions:
    """Read the query of POST /workflows. Raises BadRequest for a missing url, and a name that no path can say."""
    return _options(Parameters(params, NAMES, warn), "url" in params)


def parse_workflow_body(body: bytes, warn: Warn) -> WorkflowOptions:
    """Read the JSON body of POST /workflows. Raises JsonSyntax for what is no JSON object, else as `parse_workflow`."""
    try:
        obj = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonSyntax(f"Invalid JSON in the request body: {error}") from error
    if not isinstance(obj, dict):
        raise JsonSyntax(f"The request body must be a JSON object, not {obj!r:.80}")
    return _options(Parameters(obj, NAMES, warn), obj.get("url") is not None)


def _options(given: Parameters, has_url: bool) -> WorkflowOptions:
    if not has_url:
        raise BadRequest("Parameter url is required.")
    name = given.text("workflow_name")
    if name is not None and (fault := fault_of(name)) is not None:
        raise BadRequest(f"Parameter workflow_name {fault}")
    given.flag("s3_sse_kms", default=False)
    return WorkflowOptions(
        url=given.text("url") or "",
        workflow_name=name,
        response_timeout=given.number("response_timeout", _TIMEOUT),
        startup_timeout=given.number("startup_timeout", _TIMEOUT),
    )
