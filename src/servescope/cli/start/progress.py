"""What a start has come to, told line by line: which models load, which are ready and after how long, which fail and why.

In: one survey after the other (`cli.client.readiness`). Out: lines, each once, and whether waiting may still help. Pure but for
`say`; used by `cli.detach`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from servescope.cli.client.readiness import FAILED, GIVEN_UP, MISSING, label, reason

# A load that fails is tried again, and often fails again for the same reason: after so many tries a worker nobody waits on.
TRIES = 3


class Progress:
    """Calls `say` with a line for each turn of a model that the start was asked for. `now`: seconds since the start."""

    def __init__(self, say: Callable[[str], None], now: Callable[[], float]) -> None:
        self._say = say
        self._now = now
        self._said: dict[tuple[str, int], set[str]] = {}

    def tell(self, survey: Mapping[str, Any]) -> None:
        """A further survey."""
        seen: Counter[str] = Counter()
        for model in _asked(survey):
            name = model["asked_as"]
            self._turn((name, seen[name]), model)
            seen[name] += 1

    def _turn(self, key: tuple[str, int], model: Mapping[str, Any]) -> None:
        standing = model["standing"]
        said = self._said.setdefault(key, set())
        if standing in (FAILED, MISSING, GIVEN_UP):
            again = "" if standing != FAILED else " (it is tried again)"
            line = f"failed: {reason(model)}{again}"
        else:
            line = {"waiting": "loading", "idle": "ready"}.get(standing, standing)
        if line in said or (line == "loading" and said):
            return
        said.add(line)
        name = label(model) if line != "loading" else str(model["name"])
        self._say(f"{name}: {line}" + (f" after {self._now():.0f} s" if line == "ready" else ""))


def hopeless(survey: Mapping[str, Any]) -> bool:
    """Whether nothing that is not there yet can be hoped for: it is missing or given up, or its loads fail again and again."""
    lacking = [model for model in _asked(survey) if model["lacking"]]
    return bool(lacking) and all(
        model["standing"] in (MISSING, GIVEN_UP)
        or (model["standing"] == FAILED and model["failed_loads"] >= TRIES * max(1, model["asked_for"]))
        for model in lacking
    )


def longest_load_s(survey: Mapping[str, Any], default: float) -> float:
    """The longest startup timeout of what was asked for, in seconds; `default` where nothing is registered yet."""
    return max(
        (model["startup_timeout_s"] for model in _asked(survey) if model["version"] is not None), default=default
    )


def _asked(survey: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [model for model in survey["models"] if model["asked_as"] is not None]
