"""What somebody says of autoscaling: in, the `autoscale` section of a model-config.yaml, the server's `autoscale_…` keys; out, an
`Autoscale`.

Called by `config`, `options`, `register` and `load`. The section is this project's own, so a mistake in it is refused, where one in
TorchServe's keys is warned about and ignored.
"""

from collections.abc import Mapping
from typing import Any, Final

from servescope.config.model.autoscale import AUTOSCALE_KEYS, FIELDS, Autoscale, Mode, contradiction
from servescope.config.model.yaml_values import shown
from servescope.config.nearest import nearest
from servescope.config.values.parsers import GivenValue
from servescope.errors import BadRequest

PREFIX: Final = "autoscale_"

# What somebody has given, by the field's name.
Given = Mapping[str, Any]


def parse_autoscale(section: Any, where: str) -> Given:
    """Read what YAML made of `autoscale`: a mapping, or the mode alone. `where` names model and file in the messages.

    Raises BadRequest, which names the key and its value.
    """
    if section is None:
        return {}
    if not isinstance(section, dict):
        return {"mode": _read("mode", section, f"{where}: autoscale")}
    return {_field(name): _read(name, value, f"{where}: autoscale") for name, value in section.items()}


def parse_autoscale_key(given: GivenValue) -> Any:
    """Read one `autoscale_<key>` of config.properties, in any letter case. Raises ConfigurationError."""
    name = _spelt(given.key.removeprefix(PREFIX))
    if name not in AUTOSCALE_KEYS:
        raise given.refuse(f"is no known key; {_hint(name, PREFIX)}")
    try:
        return parse_mode(given.text.strip()) if name == "mode" else AUTOSCALE_KEYS[name].read(_number(given.text))
    except ValueError as error:
        raise given.refuse(str(error)) from None


def given_by_settings(settings: Mapping[str, Any]) -> Given:
    """By the field's name, what `Settings.autoscale` has by the key's in small letters."""
    return {_field(_spelt(name)): value for name, value in settings.items()}


def resolve_autoscale(server: Given, model: Given, where: str) -> Autoscale:
    """The server's defaults and what the model says of itself. Raises BadRequest where two keys contradict each other."""
    resolved = Autoscale(**{**server, **model})
    if (found := contradiction(resolved)) is not None:
        less, more = found
        raise BadRequest(
            f"{where}: autoscale: {less}={getattr(resolved, less):g} is above {more}={getattr(resolved, more):g}"
        )
    return resolved


def _field(name: str) -> str:
    return FIELDS.get(name, name)


def _spelt(name: str) -> str:
    return next((known for known in AUTOSCALE_KEYS if known.lower() == name.lower()), name)


def _read(name: Any, value: Any, where: str) -> Any:
    if not isinstance(name, str) or name not in AUTOSCALE_KEYS:
        text = name if isinstance(name, str) and len(name) <= 100 else shown(name)
        raise BadRequest(f"{where}: {text}={shown(value)} is no known key; {_hint(name)}")
    try:
        return parse_mode(value) if name == "mode" else AUTOSCALE_KEYS[name].read(value)
    except ValueError as error:
        raise BadRequest(f"{where}: {name}={shown(value)} {error}") from None


def _hint(name: Any, prefix: str = "") -> str:
    near = nearest(name, AUTOSCALE_KEYS)
    return f"did you mean {prefix}{near}?" if near else f"its keys are {', '.join(AUTOSCALE_KEYS)}"


def parse_mode(value: Any) -> Mode:
    """The mode of a word. Raises ValueError, which says what is wrong with it."""
    if value is False:  # which `off` without quotes is to YAML 1.1
        return Mode.OFF
    if isinstance(value, str) and value.lower() in list(Mode):
        return Mode(value.lower())
    raise ValueError(f"is none of {', '.join(Mode)}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is no number") from None
