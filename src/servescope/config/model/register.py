"""The management API's parameters: in, a query or a JSON body; out, `RegisterOptions` or `ScaleOptions`. Called by web.

Names and defaults are TorchServe's (http/messages/RegisterModelRequest, ManagementRequestHandler). Where it takes a
number that is none for the default, this raises BadRequest with the parameter and the value; parameters that it does
not know are ignored, as there, but listed.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from servescope.config.bounds import MAX_BATCH_DELAY_MS, MAX_BATCH_SIZE, MAX_TIMEOUT_S, MAX_WORKERS
from servescope.config.model.autoscale import Mode
from servescope.config.model.autoscale_values import parse_mode
from servescope.config.model.options import RegisterOptions
from servescope.config.model.worker_counts import MAX_WORKERS_KEY
from servescope.errors import BadRequest, JsonSyntax

RUNTIMES: Final = ("python", "python3", "LSP")
_LONGEST: Final = 80
_MOST_UNKNOWN: Final = 20

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)


class _Bounds(NamedTuple):
    """The least and the most that a number may be; `key`: what the most is set by."""

    least: int
    most: int
    key: str = ""


def _workers(most: int) -> _Bounds:
    return _Bounds(0, most, MAX_WORKERS_KEY)


_NUMBERS: Final = {
    "batch_size": _Bounds(1, MAX_BATCH_SIZE),
    "max_batch_delay": _Bounds(0, MAX_BATCH_DELAY_MS),
    "initial_workers": _workers(MAX_WORKERS),
    "response_timeout": _Bounds(1, MAX_TIMEOUT_S),
    "startup_timeout": _Bounds(1, MAX_TIMEOUT_S),
}
_TEXTS: Final = ("model_name", "handler", "runtime")
_FLAGS: Final = {"synchronous": True, "s3_sse_kms": False}
_REGISTER_NAMES: Final = frozenset({"url", *_NUMBERS, *_TEXTS, *_FLAGS})
# TorchServe documents number_gpu and timeout, and ignores them.
_SCALE_NAMES: Final = frozenset(
    {"min_worker", "max_worker", "synchronous", "model_version", "autoscale", "number_gpu", "timeout"}
)


@dataclass(frozen=True, kw_only=True)
class ScaleOptions:
    """How many workers a model version is to have, and who decides on it; None: not asked. `model_version` None: the path's, or
    else the default version.
    """

    min_worker: int | None = None
    max_worker: int | None = None
    autoscale: Mode | None = None
    synchronous: bool = False
    model_version: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def asks_counts(self) -> bool:
        """Whether it is about counts at all, and not about who decides alone."""
        return self.min_worker is not None or self.max_worker is not None

    @property
    def asks_both(self) -> bool:
        """Whether it says both bounds."""
        return self.min_worker is not None and self.max_worker is not None

    def bounds(self, fewest: int, most: int, *, autoscaled: bool) -> tuple[int, int]:
        """The bounds that are asked for of a model that has these.

        TorchServe's where both are given or nobody scales it: min_worker is 1 and max_worker min_worker where they are not given.
        Of an autoscaled model one alone moves that bound, and the other only where it must; but min_worker 0 alone is TorchServe's:
        there shall be none, whoever asks.

        Raises:
            BadRequest: max_worker is below min_worker.
        """
        asked_least, asked_most = self.min_worker, self.max_worker
        if autoscaled and asked_most is None and asked_least:
            return asked_least, max(most, asked_least)
        if autoscaled and asked_least is None and asked_most is not None:
            return min(fewest, asked_most), asked_most
        least = 1 if asked_least is None else asked_least
        largest = least if asked_most is None else asked_most
        if largest < least:
            raise BadRequest("max_worker cannot be less than min_worker.")
        return least, largest


def parse_register(params: Mapping[str, str], most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the query of POST /models. Raises BadRequest for a missing url, bad numbers, an unknown runtime.

    `most_workers`: as many a model version may have.
    """
    return _register(params, most_workers, _number_of_text, _text_of_text, _flag_of_text)


def parse_register_json(obj: object, most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the decoded JSON body of POST /models; null means "not given". Raises BadRequest as `parse_register` does.

    Numbers and flags may also be texts, which TorchServe's Gson takes; a body without max_batch_delay gets the default.
    """
    if not isinstance(obj, dict):
        raise JsonSyntax(f"The request body must be a JSON object, not {obj!r:.80}")
    given = {name: value for name, value in obj.items() if value is not None}
    return _register(given, most_workers, _number_of_json, _text_of_json, _flag_of_json)


def parse_register_body(body: bytes, most_workers: int = MAX_WORKERS) -> RegisterOptions:
    """Read the JSON body of POST /models as it came. Raises JsonSyntax for what is no JSON, too."""
    try:
        obj = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JsonSyntax(f"Invalid JSON in the request body: {error}") from error
    return parse_register_json(obj, most_workers)


def parse_scale(params: Mapping[str, str], most_workers: int = MAX_WORKERS) -> ScaleOptions:
    """Read the query of PUT /models/{name}; without any of min_worker, max_worker and autoscale it is TorchServe's min_worker=1.

    Raises BadRequest for bad numbers, max_worker below min_worker, and an `autoscale` that is no mode.
    """
    bounds = _workers(most_workers)
    least = _number_of_text("min_worker", params["min_worker"], bounds) if "min_worker" in params else None
    most = _number_of_text("max_worker", params["max_worker"], bounds) if "max_worker" in params else None
    mode = _mode_of_text("autoscale", params["autoscale"]) if "autoscale" in params else None
    if least is None and most is None and mode is None:
        least = 1
    if least is not None and most is not None and most < least:
        raise BadRequest("max_worker cannot be less than min_worker.")
    return ScaleOptions(
        min_worker=least,
        max_worker=most,
        autoscale=mode,
        synchronous=_flag_of_text("synchronous", params.get("synchronous", "")),
        model_version=params.get("model_version") or None,
        unknown=_unknown(params, _SCALE_NAMES),
    )


def _register(
    given: Mapping[str, Any],
    most_workers: int,
    number: Callable[[str, Any, _Bounds], int],
    text: Callable[[str, Any], str],
    flag: Callable[[str, Any], bool],
) -> RegisterOptions:
    if "url" not in given:
        raise BadRequest("Parameter url is required.")
    values: dict[str, Any] = {"url": text("url", given["url"])}
    values |= {name: text(name, given[name]) or None for name in _TEXTS if name in given}
    numbers = _NUMBERS | {"initial_workers": _workers(most_workers)}
    values |= {name: number(name, given[name], bounds) for name, bounds in numbers.items() if name in given}
    values |= {name: flag(name, given[name]) for name in _FLAGS if name in given}
    runtime = values.get("runtime")
    if runtime is not None and runtime not in RUNTIMES:
        raise BadRequest(f"Invalid RuntimeType value: {runtime}")
    return RegisterOptions(**values, unknown=_unknown(given, _REGISTER_NAMES))


def _number_of_text(name: str, text: str, bounds: _Bounds) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise BadRequest(f"Parameter {name} is not a whole number: {text!r:.{_LONGEST}}")
    # int() refuses thousands of digits, and twenty are too many already.
    digits = text.lstrip("+-0")
    number = int(text) if len(digits) < 20 else 10**20
    if text.startswith("-") and digits:
        number = -abs(number)
    return _in_bounds(name, number, text, bounds)


def _number_of_json(name: str, value: object, bounds: _Bounds) -> int:
    if isinstance(value, str):
        return _number_of_text(name, value, bounds)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise BadRequest(f"Parameter {name} is not a whole number: {value!r:.{_LONGEST}}")
    return _in_bounds(name, value, str(value), bounds)


def _in_bounds(name: str, number: int, text: str, bounds: _Bounds) -> int:
    if number < bounds.least:
        raise BadRequest(f"Parameter {name} must be at least {bounds.least}: {text!r:.{_LONGEST}}")
    if number > bounds.most:
        source = f" ({bounds.key})" if bounds.key else ""
        raise BadRequest(f"Parameter {name} must be at most {bounds.most}{source}: {text!r:.{_LONGEST}}")
    return number


def _text_of_text(_name: str, text: str) -> str:
    return text


def _text_of_json(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"Parameter {name} is not a text: {value!r:.80}")
    return value


def _mode_of_text(name: str, text: str) -> Mode:
    try:
        return parse_mode(text)
    except ValueError as error:
        raise BadRequest(f"Parameter {name} {error}: {text!r:.{_LONGEST}}") from None


def _flag_of_text(_name: str, text: str) -> bool:
    return text.lower() == "true"


def _flag_of_json(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _flag_of_text(name, value)
    raise BadRequest(f"Parameter {name} is neither true nor false: {value!r:.80}")


def _unknown(given: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """Names for the log: of thousands the first few, each cut where it is long."""
    names = [name[:_LONGEST] for name in given if name not in known]
    more = len(names) - _MOST_UNKNOWN
    return tuple(names) if more <= 0 else (*names[:_MOST_UNKNOWN], f"({more} more)")
