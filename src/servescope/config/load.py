"""Loading the configuration: in, the start options, environ and working directory; out, `Settings`.

Called by cli and runtime. The one module here that reads the file system. Precedence, lowest first: defaults, file,
start options, TS_ variables (these only with `enable_envvars_config=true`), as in TorchServe's util/ConfigManager.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from servescope.config.choice import SNAPSHOTS, StartOptions, choose_file
from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import keys_of, prefixes_of
from servescope.config.model.autoscale import Autoscale, contradiction
from servescope.config.model.autoscale_values import PREFIX, given_by_settings
from servescope.config.nearest import did_you_mean
from servescope.config.properties import expand_variables, parse_properties
from servescope.config.settings import Settings
from servescope.config.snapshots.file import MODEL_SNAPSHOT, WRITER, DamagedSnapshot, is_ours, read
from servescope.config.snapshots.folder import SnapshotFolder
from servescope.config.values.load_list import parse_load_models
from servescope.config.values.models_json import parse_models
from servescope.config.values.parsers import GivenValue, flag
from servescope.config.variables.environment import (
    OPEN_INFERENCE_KEY,
    open_inference_protocol,
    overrides,
    prefixed_overrides,
)
from servescope.config.variables.unread import unread_variables
from servescope.errors import ConfigurationError


def load_settings(options: StartOptions, environ: Mapping[str, str], cwd: Path) -> Settings:
    """Build the settings; what deserves a warning is in their `warnings`, for the caller to log.

    Which file is read says `choice`.
    Raises ConfigurationError, which names the key, the value and where it was given.
    """
    logs = _directory("LOG_LOCATION", environ, cwd)
    file, warnings = choose_file(options, environ, cwd, SnapshotFolder(logs / SNAPSHOTS))
    given: dict[str, GivenValue] = {}
    if file:
        given, more = _from_file(file, environ, cwd)
        warnings += more
    given |= _from_options(options, cwd)
    enabled, with_urls = (_is_set(key, given) for key in ("enable_envvars_config", "use_env_allowed_urls"))
    given |= _from_environment(environ, cwd, enabled=enabled, with_allowed_urls=with_urls)
    warnings += unread_variables(given, environ, enabled=enabled, with_allowed_urls=with_urls)
    values, more = _parse(given)
    warnings += more
    values.setdefault("workflow_store", values.get("model_store"))
    _check(values, given)
    return Settings(
        **values,
        log_config=options.log_config and (cwd / options.log_config).resolve(),
        log_location=logs,
        metrics_location=_directory("METRICS_LOCATION", environ, cwd),
        config_file=file,
        properties={key: value.text for key, value in given.items()},
        config_snapshots=not options.no_config_snapshots,
        warnings=(*warnings, *_unread_models(given)),
    )


def require_model_store(settings: Settings) -> Path:
    """The model store of a server that is to start. Raises ConfigurationError where none was given."""
    if settings.model_store is None:
        raise ConfigurationError("model_store is not set: give --model-store, or model_store in the configuration file")
    return settings.model_store


def _from_file(file: Path, environ: Mapping[str, str], cwd: Path) -> tuple[dict[str, GivenValue], list[str]]:
    """What a file says, with a warning for each key that it gives twice."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    parsed, repeated = parse_properties(content, str(file))
    if parsed.pop(WRITER, None) or is_ours(content):
        _refuse_damaged(content, file)
    texts = expand_variables(parsed, environ, str(file))
    given = {key: GivenValue(key, text, str(file), cwd) for key, text in texts.items()}
    return given, [f"{key} is given more than once in {file}: its last value counts" for key in repeated]


def _refuse_damaged(content: bytes, file: Path) -> None:
    try:
        read(content)
    except DamagedSnapshot as error:
        raise ConfigurationError(f"{file} is a damaged snapshot: {error}") from error


def _from_options(options: StartOptions, cwd: Path) -> dict[str, GivenValue]:
    texts = {
        "model_store": ("--model-store", options.model_store),
        "workflow_store": ("--workflow-store", options.workflow_store),
        "load_models": ("--models", ",".join(options.models) or None),
        "enable_model_api": ("--enable-model-api", "true" if options.enable_model_api else None),
        "disable_token_authorization": ("--disable-token-auth", "true" if options.disable_token_auth else None),
        "plugins_path": ("--plugins-path", options.plugins_path),
        "cpp_log_config": ("--cpp-log-config", options.cpp_log_config),
        "worker_backend": ("--backend", options.backend),
        "front_ends": ("--front-ends", options.front_ends),
    }
    return {key: GivenValue(key, str(text), option, cwd) for key, (option, text) in texts.items() if text is not None}


def _from_environment(
    environ: Mapping[str, str], cwd: Path, *, enabled: bool, with_allowed_urls: bool
) -> dict[str, GivenValue]:
    found: dict[str, tuple[str, str]] = {}
    if enabled:
        found = overrides((*keys_of(Settings), *INEFFECTIVE), environ, with_allowed_urls=with_allowed_urls)
        found |= prefixed_overrides(prefixes_of(Settings), environ)
    if (text := open_inference_protocol(environ)) is not None:
        found[OPEN_INFERENCE_KEY] = ("TS_OPEN_INFERENCE_PROTOCOL", text)
    return {key: GivenValue(key, text, name, cwd) for key, (name, text) in found.items()}


def _is_set(key: str, given: Mapping[str, GivenValue]) -> bool:
    return key in given and bool(given[key].text.strip()) and flag(given[key])


def _parse(given: Mapping[str, GivenValue]) -> tuple[dict[str, Any], list[str]]:
    """The typed values of all that was given, and the warnings about it."""
    keys = keys_of(Settings)
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for name, value in given.items():
        key = keys.get(name)
        if key is None:
            if not _parse_prefixed(value, values):
                warnings.append(_useless(value, (*keys, *INEFFECTIVE)))
            continue
        if not value.text.strip() and not key.empty_counts:
            continue
        if name == "load_models":
            values["load_models"], values["load_all"] = parse_load_models(value)
        elif name == "models":
            values["models"], more = parse_models(value)
            warnings += more
        elif key.parse is not None:
            values[name] = key.parse(value)
    return values, warnings


def _parse_prefixed(value: GivenValue, values: dict[str, Any]) -> bool:
    """Add a key that comes once for each of something to its mapping; False where it is no such key."""
    for prefix, key in prefixes_of(Settings).items():
        if value.key.startswith(prefix):
            if key.parse is not None and value.text.strip():
                values.setdefault(prefix[:-1], {})[value.key.removeprefix(prefix).lower()] = key.parse(value)
            return True
    return False


def _useless(value: GivenValue, known: tuple[str, ...]) -> str:
    if value.key in INEFFECTIVE:
        return f"{value.key} (from {value.origin}) has no effect here: {INEFFECTIVE[value.key]}"
    return f"{value.key} (from {value.origin}) is no known key and is ignored{did_you_mean(value.key, known)}"


def _unread_models(given: Mapping[str, GivenValue]) -> list[str]:
    """TorchServe's rule: where a snapshot names the models, nothing else does."""
    models, asked = given.get(MODEL_SNAPSHOT), given.get("load_models")
    if models is None or asked is None or asked.origin == models.origin:
        return []
    return [f"load_models (from {asked.origin}) is not read: the models are those of the snapshot {models.origin}"]


def _check(values: Mapping[str, Any], given: Mapping[str, GivenValue]) -> None:
    _check_autoscale(values.get("autoscale", {}), given)
    if "model_store" in values:
        _look(given["model_store"], values["model_store"].is_dir, "is no directory")
    pair = ("private_key_file", "certificate_file")
    for key, other in (pair, pair[::-1]):
        if key not in values:
            continue
        if other not in values:
            raise given[key].refuse(f"needs {other} beside it")
        _look(given[key], values[key].is_file, "is no file")
    if "keystore" in values:
        _look(given["keystore"], values["keystore"].is_file, "is no file")


def _check_autoscale(values: Mapping[str, Any], given: Mapping[str, GivenValue]) -> None:
    """Refuse one of two keys that contradict each other, whichever was given."""
    autoscale = Autoscale(**given_by_settings(values))
    if (found := contradiction(autoscale)) is None:
        return
    for name, side, other in ((found[0], "above", found[1]), (found[1], "below", found[0])):
        for value in given.values():
            if value.key.lower() == PREFIX + name:
                raise value.refuse(f"is {side} {other}={getattr(autoscale, other):g}")


def _look(given: GivenValue, there: Callable[[], bool], otherwise: str) -> None:
    """Refuse the value if what it names is not there, or in a directory that this process may not enter."""
    try:
        found = there()
    except OSError as error:
        raise given.refuse(f"cannot be read: {error.strerror}") from error
    if not found:
        raise given.refuse(otherwise)


def _directory(variable: str, environ: Mapping[str, str], cwd: Path) -> Path:
    return (cwd / (environ.get(variable) or "logs")).resolve()
