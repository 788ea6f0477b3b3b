"""TS_… variables that set nothing: in, the environment and what was given; out, a warning each, with what is in force instead.

Called by `load`. TorchServe passes them over in silence, and so an image that forgot `enable_envvars_config` serves with defaults.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, Final

from servescope.config.ineffective import INEFFECTIVE
from servescope.config.keys import keys_of, prefixes_of
from servescope.config.settings import Settings
from servescope.config.values.parsers import GivenValue
from servescope.config.variables.environment import NEVER_OVERRIDDEN, variable

# Read by others than the keys: by `load`, whatever the file says; by handlers, who ask for a sequence's headers.
_READ_ELSEWHERE: Final = frozenset({
    "TS_CONFIG_FILE", "TS_OPEN_INFERENCE_PROTOCOL",
    "TS_REQUEST_SEQUENCE_ID", "TS_REQUEST_SEQUENCE_START", "TS_REQUEST_SEQUENCE_END",
})  # fmt: skip
# What Kubernetes sets in every pod beside a service called `ts`.
_SERVICE_LINK = re.compile(r"TS_(SERVICE_(HOST|PORT).*|PORT(_[0-9]+_TCP.*)?)")
_LONGEST: Final = 60
_ALIKE: Final = 0.8
_VERY_ALIKE: Final = 0.9


def unread_variables(
    given: Mapping[str, GivenValue], environ: Mapping[str, str], *, enabled: bool, with_allowed_urls: bool
) -> list[str]:
    """A warning for each TS_… variable that looks like a key's and sets none.

    `enabled`: `enable_envvars_config`; without it variables that are like no key's are left alone, as they may be anybody's.
    `given`: all that was set, variables too.
    """
    keys = {name: key for key in (*keys_of(Settings), *INEFFECTIVE) if (name := variable(key)) is not None}
    never = {f"TS_{key.upper()}": key for key in NEVER_OVERRIDDEN}
    prefixes = tuple(f"TS_{prefix.upper()}" for prefix in prefixes_of(Settings))
    warnings = []
    for name in sorted(environ):
        if not name.upper().startswith("TS_") or name in _READ_ELSEWHERE or _SERVICE_LINK.fullmatch(name):
            continue
        if name in never:
            warnings.append(
                f"{name} sets nothing: no variable overrides {never[name]}; {_in_force(never[name], given)}"
            )
        elif name in keys or name.startswith(prefixes):
            key = keys.get(name, name[3:].lower())
            if why := _why_unread(key, enabled=enabled, with_allowed_urls=with_allowed_urls):
                warnings.append(f"{name} sets nothing: {why}; {_in_force(key, given)}")
        else:
            warnings += _misspelt(name, (*keys, *never), enabled=enabled)
    return warnings


def _why_unread(key: str, *, enabled: bool, with_allowed_urls: bool) -> str:
    if not enabled:
        return "enable_envvars_config is not true"
    return "" if key != "allowed_urls" or with_allowed_urls else "use_env_allowed_urls is not true"


def _misspelt(name: str, known: Collection[str], *, enabled: bool) -> list[str]:
    import difflib  # which a start without such a variable need not wait for

    near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=_ALIKE if enabled else _VERY_ALIKE)
    if not near and not enabled:
        return []
    hint = f"; did you mean {near[0]}?" if near else ""
    return [f"{name} sets nothing: it stands for no key{hint}"]


def _in_force(key: str, given: Mapping[str, GivenValue]) -> str:
    """What counts instead. Long values, and URLs, which may hold secrets, are not written out."""
    if key in INEFFECTIVE:
        return f"{key} has no effect here anyway"
    if key in given and given[key].text.strip():
        text, origin = given[key].text.strip(), given[key].origin
        shown = "" if _is_secret(key) else _shown(text)
        return f"{key} is {shown} (from {origin})" if shown else f"{key} is as {origin} says"
    default = "" if _is_secret(key) else _shown(_default(key))
    return f"{key} is {default}, its default" if default else f"{key} has its default"


def _is_secret(key: str) -> bool:
    found = keys_of(Settings).get(key)
    return found is not None and found.secret


def _default(key: str) -> Any:
    return next((slot.default for slot in fields(Settings) if slot.name == key), None)


def _shown(value: Any) -> str:
    """A plain value in a properties file's spelling, "" for any other."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    plain = isinstance(value, str) and len(value) <= _LONGEST and "://" not in value
    return value if plain else ""
