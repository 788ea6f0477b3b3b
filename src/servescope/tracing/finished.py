"""What tracing is told of a request that is over, and of its parts. Filled in by `web` and `workflows`, read by `spans`."""

from collections.abc import Mapping

from msgspec import Struct

from servescope.errors import Raised


class Finished(Struct, frozen=True, kw_only=True):
    """A request of a model with its outcome. `began`, `ended`: monotonic seconds.

    `status`: the code it is counted under; 499 when the client hung up. `error`: the error's type name, "" for the code itself.
    `version`: of the model that answered. `worker`: "" and `batch_size`: 0 where no worker got it. `stages`: seconds by stage,
    those of `servescope_request_stage_seconds`, in any order, adding up to the duration. `raised`: by the handler, where that is
    why it failed.
    """

    began: float
    ended: float
    status: int
    model: str
    version: str
    request_id: str
    stages: Mapping[str, float]
    worker: str = ""
    batch_size: int = 0
    error: str = ""
    raised: Raised | None = None


class FinishedAttempt(Finished, frozen=True, kw_only=True):
    """A part of a workflow's request: an attempt of a `node`, from 1 on. `outcome`: ok, failed, timeout or cancelled."""

    workflow: str
    node: str
    attempt: int
    outcome: str


class FinishedRequest(Finished, frozen=True, kw_only=True):
    """A client's request. `route`: the path's template (`/predictions/{model_name}`); `path`: what was asked, decoded. `scheme`:
    http or https. `host`: the Host header, or "". `client`, `peer`: address and port, 0 if not known, of who asked and of who the
    connection is with; None on a Unix socket. `workflow`: it is one's, and `model` is its name; its time is in its parts. `rpc`: of
    gRPC, service and method, and `rpc_status` the status' number; "" for HTTP.
    """

    method: str
    route: str
    path: str
    workflow: bool = False
    scheme: str = "http"
    host: str = ""
    client: tuple[str, int] | None = None
    peer: tuple[str, int] | None = None
    user_agent: str = ""
    rpc: str = ""
    rpc_status: int = 0
