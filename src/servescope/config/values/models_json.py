"""The `models` key: in, its JSON text; out, a `StartupModel` a name and version, with warnings.

Called by `load`, read by `model.options`; `server.service` asks which entries stand for nothing.
"""

import re
from collections.abc import Collection, Mapping

import msgspec
from msgspec import Struct

from servescope.config.bounds import (
    MAX_BATCH_DELAY_MS,
    MAX_BATCH_SIZE,
    MAX_LISTED,
    MAX_MODELS,
    MAX_TIMEOUT_S,
    MAX_VERSIONS,
    MAX_WORKERS,
)
from servescope.config.model.yaml_values import shown
from servescope.config.nearest import did_you_mean
from servescope.config.values.parsers import GivenValue

StartupModels = Mapping[str, Mapping[str, "StartupModel"]]

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class StartupModel(Struct, frozen=True, kw_only=True):
    """What `models` says of one version; None where it says nothing. Delays in ms, timeouts in s.

    `refusal`: what of it cannot be, "" if all can: such a version is not registered.
    """

    min_workers: int | None = None
    max_workers: int | None = None
    batch_size: int | None = None
    max_batch_delay: int | None = None
    response_timeout: int | None = None
    startup_timeout: int | None = None
    runtime_type: str | None = None
    default_version: bool | None = None
    mar_name: str | None = None
    refusal: str = ""


# Each with its type; numbers with the most that they may be. Worker counts are bound by max_workers_per_model.
_TYPES: dict[str, tuple[type, int]] = {
    "minWorkers": (int, MAX_WORKERS),
    "maxWorkers": (int, MAX_WORKERS),
    "batchSize": (int, MAX_BATCH_SIZE),
    "maxBatchDelay": (int, MAX_BATCH_DELAY_MS),
    "responseTimeout": (int, MAX_TIMEOUT_S),
    "startupTimeout": (int, MAX_TIMEOUT_S),
    "runtimeType": (str, 0),
    "defaultVersion": (bool, 0),
    "marName": (str, 0),
}


def parse_models(given: GivenValue) -> tuple[StartupModels, list[str]]:
    """Read `{"name": {"version": {"minWorkers": 1, …}}}`.

    Values of a wrong type are left out with a warning; so are numbers of 0 and below, without one where it is 0
    (TorchServe's ConfigManager.getJsonIntValue leaves both out). A number over its bound spoils its version, which says so in
    `refusal`. Raises ConfigurationError for anything that is no such object of objects, or has too many.
    """
    try:
        names = msgspec.json.decode(given.text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise given.refuse(f"is no JSON: {error}") from error
    warnings: list[str] = []
    models: dict[str, dict[str, StartupModel]] = {}
    for name, versions in _object(given, names, "models", MAX_MODELS).items():
        models[name] = {
            version: _startup_model(
                f"models: {name} {version}", _object(given, fields, f"{name} {version}", MAX_LISTED), warnings
            )
            for version, fields in _object(given, versions, name, MAX_VERSIONS).items()
        }
    return models, warnings


def unmatched(models: StartupModels, loaded: Mapping[str, Collection[str]], missing: Collection[str]) -> list[str]:
    """A warning for each entry that is no loaded model's or version's. `loaded`: versions by name.

    `missing`: names that were to be loaded and are not, of which other lines tell.
    """
    warnings = []
    for name, versions in models.items():
        if name in missing and name not in loaded:
            continue
        for version in versions:
            if version in loaded.get(name, ()):
                continue
            if name in loaded:
                why = f"{name} has version {', '.join(sorted(loaded[name]))}"
            else:
                why = f"no model {name} was loaded{did_you_mean(name, loaded)}"
            warnings.append(
                f"models: {name} {version} is nothing that was loaded, and only counts if it is registered later: {why}"
            )
    return warnings


def _object(given: GivenValue, value: object, what: str, most: int) -> dict[str, object]:
    if not isinstance(value, dict):
        raise given.refuse(f"is no object of objects: {what} is {shown(value)}")
    if len(value) > most:
        raise given.refuse(f"has too much in it: {what} has {len(value)} entries, at most {most} are taken")
    return value


def _startup_model(where: str, fields: dict[str, object], warnings: list[str]) -> StartupModel:
    accepted: dict[str, object] = {}
    for name, value in fields.items():
        kind, most = _TYPES.get(name, (None, 0))
        if kind is None:
            warnings.append(f"{where}: unknown setting {shown(name)[1:-1]} is ignored{did_you_mean(name, _TYPES)}")
        elif type(value) is not kind:
            warnings.append(f"{where}: {name}={shown(value)} is no {kind.__name__} and is ignored")
        elif kind is int and isinstance(value, int) and value <= 0:
            if value < 0:
                warnings.append(f"{where}: {name}={shown(value)} is below 0 and is ignored")
        elif kind is int and isinstance(value, int) and value > most:
            accepted.setdefault("refusal", f"{where}: {name}={shown(value)} is above {most}")
        else:
            accepted[_CAMEL.sub("_", name).lower()] = value
    return StartupModel(**accepted)  # type: ignore[arg-type]  # _TYPES has checked each of them
