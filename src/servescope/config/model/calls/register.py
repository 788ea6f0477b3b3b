"""POST /models: in, its query or JSON body; out, `RegisterOptions`. Called by `web.management`.

Names and defaults are TorchServe's (http/messages/RegisterModelRequest). What is wrong is refused with the parameter and the value;
what need not be right is a warning, given to `warn`, also where a refusal follows.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from servescope.config.bounds import MAX_BATCH_DELAY_MS, MAX_BATCH_SIZE, MAX_TIMEOUT_S, MAX_WORKERS
from servescope.config.model.calls.parameters import Bounds, Parameters, Unfit, Warn
from servescope.config.model.options import RegisterOptions
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.config.names import fault_of
from servescope.config.shown_url import SCHEME
from servescope.errors import BadRequest, JsonSyntax

RUNTIMES: Final = ("python", "python3", "LSP")

_NUMBERS: Final = {
    "batch_size": Bounds(1, MAX_BATCH_SIZE, unfit=Unfit.SMALL_IS_DEFAULT),
    "max_batch_delay": Bounds(0, MAX_BATCH_DELAY_MS, unfit=Unfit.SMALL_IS_DEFAULT),
    "response_timeout": Bounds(1, MAX_TIMEOUT_S, unfit=Unfit.SMALL_IS_DEFAULT),
    "startup_timeout": Bounds(1, MAX_TIMEOUT_S, unfit=Unfit.SMALL_IS_DEFAULT),
}
REGISTER_NAMES: Final = frozenset(
    {"url", *_NUMBERS, "initial_workers", "model_name", "handler", "runtime", "synchronous", "s3_sse_kms"}
)


def parse_register(params: Mapping[str, str], warn: Warn, most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the query of POST /models. `most_workers`: as many a model version may have.

    Raises:
        BadRequest: a missing url, or one that was cut at its `&`; bad numbers; an unknown runtime; a name that no path can say.
    """
    given = Parameters(params, REGISTER_NAMES, warn)
    options = _register(given, "url" in params, most_workers)
    if given.unknown and SCHEME.match(options.url) and "?" in options.url:
        # Before the download, which would fail for want of what stands behind the first `&`.
        names = ", ".join(given.unknown)
        raise BadRequest(f"Parameter url ends at its first &: percent-encode it. Not understood: {names}")
    return options


def parse_register_json(obj: object, warn: Warn, most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the decoded JSON body of POST /models; null means "not given". Raises BadRequest as `parse_register` does.

    Numbers and flags may also be texts, which TorchServe's Gson takes; a body without max_batch_delay gets the default.
    """
    if not isinstance(obj, dict):
        raise JsonSyntax(f"The request body must be a JSON object, not {obj!r:.80}")
    return _register(Parameters(obj, REGISTER_NAMES, warn), obj.get("url") is not None, most_workers)


def parse_register_body(body: bytes, warn: Warn, most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the JSON body of POST /models as it came. Raises JsonSyntax for what is no JSON, too."""
    try:
        obj = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonSyntax(f"Invalid JSON in the request body: {error}") from error
    return parse_register_json(obj, warn, most_workers)


def _register(given: Parameters, has_url: bool, most_workers: int) -> RegisterOptions:
    if not has_url:
        raise BadRequest("Parameter url is required.")
    name = given.text("model_name")
    if name is not None and (fault := fault_of(name)) is not None:
        raise BadRequest(f"Parameter model_name {fault}")
    runtime = given.text("runtime")
    if runtime is not None and runtime not in RUNTIMES:
        raise BadRequest(f"Invalid RuntimeType value: {runtime}")
    workers = Bounds(0, most_workers, MAX_WORKERS_KEY, Unfit.SMALL_IS_DEFAULT)
    numbers: dict[str, Any] = {name: given.number(name, bounds) for name, bounds in _NUMBERS.items()}
    return RegisterOptions(
        url=given.text("url") or "",
        model_name=name,
        handler=given.text("handler"),
        runtime=runtime,
        initial_workers=given.number("initial_workers", workers),
        synchronous=given.flag("synchronous", default=True),
        s3_sse_kms=given.flag("s3_sse_kms", default=False),
        **numbers,
    )
