"""Series by name: in, a family of `metrics.definitions` or a recording, and matchers; out, a `Selector`.

Called by every rule and board. What is wrong is refused here: unknown names, unknown labels.
"""

import difflib
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from servescope.metrics.definitions import BY_NAME
from servescope.operate.promql.expression import Expression, PromqlError
from servescope.operate.promql.matchers import Matcher

# What Prometheus puts on every series that it scrapes.
TARGET: Final = frozenset({"job", "instance"})
# Series that Prometheus itself writes about each target.
_ITS_OWN: Final = ("up", "scrape_duration_seconds", "scrape_samples_scraped")

_OFFSET: Final = re.compile(r"(\d+(ms|[smhdwy]))+")

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of one name. A histogram's name alone is its native form; its classic parts are `bucket`, `count`, `sum`."""

    name: str
    labels: frozenset[str]
    kind: Kind
    matchers: tuple[Matcher, ...] = ()

    def ago(self, offset: str) -> Expression:
        """The instant vector as it was so long ago, such as `2h`."""
        if not _OFFSET.fullmatch(offset):
            raise PromqlError(f"{offset!r} is no time such as 5m or 2h")
        return Expression(f"{self} offset {offset}", self.labels)

    def where(self, *matchers: Matcher) -> "Selector":
        """Only the series that all these match, too. Raises PromqlError for a label that they have not."""
        for matcher in matchers:
            if matcher.label not in self.labels:
                raise PromqlError(f"{self.name} has no label {matcher.label}; it has {', '.join(sorted(self.labels))}")
        return replace(self, matchers=(*self.matchers, *matchers))

    @property
    def now(self) -> Expression:
        """The instant vector."""
        return Expression(str(self), self.labels)

    @property
    def bucket(self) -> "Selector":
        """A histogram's classic buckets, cumulative by `le`."""
        return replace(self._part("_bucket"), labels=self.labels | {"le"})

    @property
    def count(self) -> "Selector":
        """A histogram's classic count of observations."""
        return self._part("_count")

    @property
    def sum(self) -> "Selector":
        """A histogram's classic sum of observations."""
        return self._part("_sum")

    def over(self, window: str) -> str:
        """The range vector of this selector."""
        return f"{self}[{window}]"

    def __str__(self) -> str:
        return self.name + (f"{{{','.join(map(str, self.matchers))}}}" if self.matchers else "")

    def _part(self, suffix: str) -> "Selector":
        if self.kind != "histogram":
            raise PromqlError(f"{self.name} is a {self.kind}, so there is no {self.name}{suffix}")
        return replace(self, name=self.name + suffix, kind="counter")


def metric(name: str) -> Selector:
    """The series of a family, or of `up` and its like. Raises PromqlError where there is no family of that name."""
    if name in _ITS_OWN:
        return Selector(name, TARGET, "gauge")
    definition = BY_NAME.get(name)
    if definition is None:
        near = difflib.get_close_matches(name, BY_NAME, n=1)
        raise PromqlError(f"there is no family {name}" + (f"; did you mean {near[0]}?" if near else ""))
    kind: Kind = definition.kind if definition.kind in ("counter", "histogram") else "gauge"
    return Selector(name, TARGET.union(definition.labels), kind)
