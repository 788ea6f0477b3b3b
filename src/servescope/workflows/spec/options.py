"""What a workflow's specification says of how a node runs: a mapping in, `NodeOptions` out. Pure. Called by `spec`.

Names and defaults are TorchServe's (ensemble/WorkFlow); the bounds are our own: there a negative number, or none, goes through.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from servescope.archive.war.errors import InvalidWorkflow
from servescope.config.bounds import MAX_BATCH_DELAY_MS, MAX_BATCH_SIZE, MAX_TIMEOUT_MS, MAX_WORKERS
from servescope.config.model.yaml_values import shown

MAX_RETRIES: Final = 1000


class NodeOptions(Struct, frozen=True, kw_only=True):
    """`max_workers`: as many are started, as in TorchServe. `retry_attempts`: how often a node is asked again where it fails.

    `timeout_ms`: how long an attempt may take, its wait for a worker included. Delays in milliseconds.
    """

    min_workers: int = 1
    max_workers: int = 1
    batch_size: int = 1
    max_batch_delay_ms: int = 50
    retry_attempts: int = 1
    timeout_ms: int = 10_000


_KEYS: Final = {
    "min-workers": ("min_workers", 0, MAX_WORKERS),
    "max-workers": ("max_workers", 1, MAX_WORKERS),
    "batch-size": ("batch_size", 1, MAX_BATCH_SIZE),
    "max-batch-delay": ("max_batch_delay_ms", 0, MAX_BATCH_DELAY_MS),
    "retry-attempts": ("retry_attempts", 0, MAX_RETRIES),
    "timeout-ms": ("timeout_ms", 1, MAX_TIMEOUT_MS),
}
KEYS: Final = tuple(_KEYS)


def read_options(given: Mapping[Any, Any], base: NodeOptions, place: str) -> NodeOptions:
    """The options of `base`, with those that are `given`; other keys are the caller's. `place`: what errors call the mapping.

    Raises:
        InvalidWorkflow: a value is no whole number, or outside its bounds; the text names the key and the value.
    """
    values = {field: _whole(given[key], least, most, f"{place}.{key}") for key, field, least, most in _given(given)}
    return replace(base, **values)


def warn_of_bounds(options: NodeOptions, place: str, warn: Callable[[str], None]) -> None:
    """TorchServe takes this, and so does everybody who comes from there."""
    if options.min_workers > options.max_workers:
        warn(
            f"{place}: min-workers={options.min_workers} is above max-workers={options.max_workers}, which is how many are started"
        )


def _given(given: Mapping[Any, Any]) -> list[tuple[str, str, int, int]]:
    return [(key, *_KEYS[key]) for key in KEYS if key in given]


def _whole(value: Any, least: int, most: int, place: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise InvalidWorkflow(f"{place}={shown(value)} must be a whole number from {least} to {most}")
    return value
