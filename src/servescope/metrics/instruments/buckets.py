"""The bounds of histograms: in, definitions, `metrics_buckets_<family>` of the settings, thresholds of a model's slo;
out, definitions and bounds.

Called by `setup`, which makes the registry's definitions, and by the model's recorder, which binds its series.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import Definition
from servescope.wire.measured.names import METRIC_NAME

# Families under such names are this server's own, all of them known.
_OWN = "servescope_"


def apply_buckets(
    definitions: Sequence[Definition], overrides: Mapping[str, tuple[float, ...]], *, others: bool = False
) -> tuple[tuple[Definition, ...], dict[str, tuple[float, ...]]]:
    """The definitions with the bounds that `Settings.metrics_buckets` gives by family name, in any letter case; and, by name in
    small letters, what is for none of them. `others`: handlers may make histograms under names that nobody here knows.

    Raises:
        ConfigurationError: a name is that of no histogram among them, and can become none; it names the option and its value.
    """
    wanted = {name.lower(): bounds for name, bounds in overrides.items()}
    kinds = {definition.name.lower(): definition.kind for definition in definitions}
    for name, bounds in overrides.items():
        known = kinds.get(name.lower())
        may_come = others and known is None and METRIC_NAME.fullmatch(name) and not name.lower().startswith(_OWN)
        if known != "histogram" and not may_come:
            raise ConfigurationError(f"{_option(name, bounds)}: {_why_not(name, definitions)}")
    applied = tuple(
        replace(definition, buckets=wanted.pop(definition.name.lower()))
        if definition.kind == "histogram" and definition.name.lower() in wanted
        else definition
        for definition in definitions
    )
    return applied, wanted


def bounds_with(bounds: tuple[float, ...], thresholds: Iterable[float | None]) -> tuple[float, ...]:
    """The bounds and, as bounds of their own, the thresholds (in the family's unit, None for none) between them.

    The very same tuple where nothing is new, so that models without thresholds share one.
    """
    new = {threshold for threshold in thresholds if threshold is not None}.difference(bounds)
    return tuple(sorted((*bounds, *new))) if new else bounds


def _option(name: str, bounds: tuple[float, ...]) -> str:
    return f"metrics_buckets_{name}={','.join(f'{bound:g}' for bound in bounds)}"


def _why_not(name: str, definitions: Sequence[Definition]) -> str:
    for definition in definitions:
        if definition.name.lower() == name.lower():
            return f"{definition.name} is a {definition.kind}, and only histograms have buckets"
    names = {definition.name.lower(): definition.name for definition in definitions if definition.kind == "histogram"}
    near = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean metrics_buckets_{names[near[0]]}?" if near else f"there are {', '.join(names.values())}"
    return f"there is no histogram of that name; {hint}"
