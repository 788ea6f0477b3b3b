"""Environment variables that override keys: in, key names and environ; out, texts by key.

Called by `load`, described by `reference`. The rules are TorchServe's (util/ConfigManager.setSystemVars).
"""

from collections.abc import Iterable, Mapping

_RENAMED = {"token_expiration_min": "TS_TOKEN_EXPIRATION_TIME_MIN"}

NEVER_OVERRIDDEN = frozenset({
    "enable_envvars_config",
    "io_ratio",
    "metric_time_interval",
    "model_snapshot",
    "models",
    "plugins_path",
    "python",
    "system_metrics_cmd",
    "tsConfigFile",
    "use_env_allowed_urls",
    "use_native_io",
    "version",
    "vmargs",
})  # fmt: skip

OPEN_INFERENCE_KEY = "ts_open_inference_protocol"


def variable(key: str) -> str | None:
    """The variable that overrides this key, None for a key that no variable overrides."""
    if key in NEVER_OVERRIDDEN:
        return None
    if key.startswith("ts_"):
        return key.upper()
    return _RENAMED.get(key, f"TS_{key.upper()}")


def overrides(
    keys: Iterable[str], environ: Mapping[str, str], *, with_allowed_urls: bool
) -> dict[str, tuple[str, str]]:
    """The variable's name and text by key, for `enable_envvars_config=true`.

    `with_allowed_urls` is the file's `use_env_allowed_urls`: the list of URLs that models may come from is not left to
    whoever can set a variable, unless the file says so.
    """
    found: dict[str, tuple[str, str]] = {}
    for key in keys:
        name = variable(key)
        if name is None or name not in environ or key == OPEN_INFERENCE_KEY:
            continue
        if key != "allowed_urls" or with_allowed_urls:
            found[key] = (name, environ[name])
    return found


def prefixed_overrides(prefixes: Iterable[str], environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The same for the keys that begin with one of these; such a key is all in small letters."""
    begins = tuple(f"TS_{prefix.upper()}" for prefix in prefixes)
    return {name[3:].lower(): (name, text) for name, text in environ.items() if name.startswith(begins)}


def open_inference_protocol(environ: Mapping[str, str]) -> str | None:
    """`true` or `false` as TS_OPEN_INFERENCE_PROTOCOL says (`oip` turns it on), None where it is not set or empty.

    TorchServe reads this one whatever `enable_envvars_config` says, and before the file.
    """
    text = environ.get("TS_OPEN_INFERENCE_PROTOCOL", "")
    return ("true" if text == "oip" else "false") if text else None
