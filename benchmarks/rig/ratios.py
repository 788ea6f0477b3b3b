"""Ratios of one server's measurements to another's, and the tables they are printed in.

In: what each server had in each round. Out: medians, Markdown tables beside the targets, and whether all were met.
Called by versus_torchserve.py, versus_mosec.py and on_ray.py.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rig.servers import Kind

Found = dict[str, float]


@dataclass(frozen=True)
class Ratio:
    """A ratio of Servescope to its peer and how far it must go; `more_is_better` gives the direction."""

    key: str
    title: str
    unit: str
    at_least: float
    stretch: float | None
    more_is_better: bool

    def met(self, ratio: float, target: float) -> bool:
        """Whether `ratio` is as good as `target`."""
        return ratio >= target if self.more_is_better else ratio <= target

    def verdict(self, value: float) -> str:
        """What `value` reached: the stretch target, the least one, or neither."""
        if self.stretch is not None and self.met(value, self.stretch):
            return "stretch"
        return "met" if self.met(value, self.at_least) else "MISSED"


def medians(rounds: Sequence[Found]) -> Found:
    """The median over rounds of each measurement."""
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def table(ratios: Sequence[Ratio], peer: str, theirs: Found, ours: Found | None, name: str = "Servescope") -> str:
    """A Markdown table, one row a ratio that was measured; without `ours`, which `name` has, the peer's column alone."""
    lines = [f"| | {peer} | {name} | ratio | at least | stretch | |", "|---|--:|--:|--:|--:|--:|---|"]
    for ratio in ratios:
        if ratio.key not in theirs:
            continue
        mine, times, reached = "–", "–", "not run"
        if ours is not None:
            value = ours[ratio.key] / theirs[ratio.key]
            mine, times, reached = f"{ours[ratio.key]:.4g} {ratio.unit}", f"{value:.3g} ×", ratio.verdict(value)
        stretch = "–" if ratio.stretch is None else f"{ratio.stretch:g} ×"
        targets = f"{ratio.at_least:g} × | {stretch}"
        lines.append(
            f"| {ratio.title} | {theirs[ratio.key]:.4g} {ratio.unit} | {mine} | {times} | {targets} | {reached} |"
        )
    return "\n".join(lines)


def since_table(titles: Mapping[str, str], before: Found, ours: Found) -> str:
    """A Markdown table of this Servescope beside that of another checkout, one row a measurement that has a title."""
    lines = ["| | before | now | now / before |", "|---|--:|--:|--:|"]
    rows = (
        f"| {title} | {before[key]:.4g} | {ours[key]:.4g} | {ours[key] / before[key]:.3f} × |"
        for key, title in titles.items()
        if key in ours
    )
    return "\n".join([*lines, *rows])


def all_met(ratios: Sequence[Ratio], theirs: Found, ours: Found) -> bool:
    """Whether every ratio that was measured is at least what it must be."""
    return all(
        ratio.met(ours[ratio.key] / theirs[ratio.key], ratio.at_least) for ratio in ratios if ratio.key in theirs
    )


def take_turns(kinds: Sequence[Kind], rounds: int, measure: Callable[[Kind], Found]) -> dict[str, list[Found]]:
    """All rounds, by the server's name. The servers alternate, every second round the other way round: so a machine that grows
    slower, or still writes down what the one before has logged, treats them alike.
    """
    found: dict[str, list[Found]] = {kind.name: [] for kind in kinds}
    for number in range(1, rounds + 1):
        for kind in kinds if number % 2 else reversed(kinds):
            found[kind.name].append(measure(kind))
            values = "  ".join(f"{key} {value:.4g}" for key, value in found[kind.name][-1].items())
            print(f"round {number}/{rounds}  {kind.name:10}  {values}", file=sys.stderr, flush=True)
    return found
