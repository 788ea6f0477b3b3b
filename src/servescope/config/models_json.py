"""The `models` key: in, its JSON text; out, a `StartupModel` a name and version, with warnings.

Called by `load`, read by `model_options`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from servescope.config.parsers import GivenValue

StartupModels = Mapping[str, Mapping[str, "StartupModel"]]

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class StartupModel:
    """What `models` says of one version; None where it says nothing. Delays in ms, timeouts in s."""

    min_workers: int | None = None
    max_workers: int | None = None
    batch_size: int | None = None
    max_batch_delay: int | None = None
    response_timeout: int | None = None
    startup_timeout: int | None = None
    runtime_type: str | None = None
    default_version: bool | None = None
    mar_name: str | None = None


_TYPES: dict[str, type] = {
    "minWorkers": int,
    "maxWorkers": int,
    "batchSize": int,
    "maxBatchDelay": int,
    "responseTimeout": int,
    "startupTimeout": int,
    "runtimeType": str,
    "defaultVersion": bool,
    "marName": str,
}


def parse_models(given: GivenValue) -> tuple[StartupModels, list[str]]:
    """Read `{"name": {"version": {"minWorkers": 1, …}}}`.

    Values of a wrong type are left out with a warning; so are numbers of 0 and below, without one where it is 0
    (TorchServe's ConfigManager.getJsonIntValue leaves both out). Raises ConfigurationError for anything that is
    no such object of objects.
    """
    try:
        names = msgspec.json.decode(given.text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise given.refuse(f"is no JSON: {error}") from error
    warnings: list[str] = []
    models: dict[str, dict[str, StartupModel]] = {}
    for name, versions in _object(given, names, "models").items():
        models[name] = {
            version: _startup_model(f"models: {name} {version}", _object(given, fields, f"{name} {version}"), warnings)
            for version, fields in _object(given, versions, name).items()
        }
    return models, warnings


def _object(given: GivenValue, value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise given.refuse(f"is no object of objects: {what} is {value!r}")
    return value


def _startup_model(where: str, fields: dict[str, object], warnings: list[str]) -> StartupModel:
    accepted: dict[str, object] = {}
    for name, value in fields.items():
        kind = _TYPES.get(name)
        if kind is None:
            warnings.append(f"{where}: unknown setting {name}")
        elif type(value) is not kind:
            warnings.append(f"{where}: {name}={value!r} is no {kind.__name__} and is ignored")
        elif kind is int and isinstance(value, int) and value <= 0:
            if value < 0:
                warnings.append(f"{where}: {name}={value} is below 0 and is ignored")
        else:
            accepted[_CAMEL.sub("_", name).lower()] = value
    return StartupModel(**accepted)  # type: ignore[arg-type]  # _TYPES has checked each of them
