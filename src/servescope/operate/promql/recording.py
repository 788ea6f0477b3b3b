"""Recorded series: in, a name and an expression; out, `Recording`, which later expressions read like a family.

Declared in `operate.recordings`, read by alerts and boards. Names are `level:metric:operations`, as Prometheus advises.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from servescope.operate.promql.expression import Expression, PromqlError
from servescope.operate.promql.selector import Selector

_NAME: Final = re.compile(r"[a-z_]+:[a-z_][a-z0-9_]*:[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording rule; its series have the expression's labels."""

    name: str
    expression: Expression

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise PromqlError(f"{self.name} is no name of the form level:metric:operations")
        if self.expression.labels is None:
            raise PromqlError(f"{self.name}: a scalar is not recorded")

    @property
    def read(self) -> Selector:
        """The recorded series."""
        return Selector(self.name, self.expression.labels or frozenset(), "gauge")


class Recordings(Mapping[str, Recording]):
    """Recordings by name. Asking for one that is not there raises PromqlError, which names it."""

    def __init__(self, recordings: tuple[Recording, ...]) -> None:
        self._by_name = {one.name: one for one in recordings}
        if len(self._by_name) < len(recordings):
            names = [one.name for one in recordings]
            raise PromqlError(f"recorded twice: {', '.join(sorted({name for name in names if names.count(name) > 1}))}")

    def __getitem__(self, name: str) -> Recording:
        if name not in self._by_name:
            raise PromqlError(f"nothing is recorded as {name}")
        return self._by_name[name]

    def read(self, name: str) -> Selector:
        """The series that are recorded under this name."""
        return self[name].read

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name
