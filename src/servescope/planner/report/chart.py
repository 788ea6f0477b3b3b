"""A chart as SVG: in, points, lines and marks; out, text. Pure; called by `page`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from xml.sax.saxutils import quoteattr

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 320, 60, 40, 16, 16
_TICKS = 5


@dataclass(frozen=True)
class Chart:
    """`dots` and `line`: x and y. `bars`: x, low and high. `level`: a horizontal mark, `bound` its name; `marks`: vertical ones,
    with theirs. `counts`: whether x is a whole number.
    """

    title: str
    x: str
    y: str
    dots: Sequence[tuple[float, float]] = ()
    line: Sequence[tuple[float, float]] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    level: float | None = None
    bound: str = ""
    marks: Sequence[tuple[float, str]] = ()
    counts: bool = False


def draw(chart: Chart) -> str:
    """The SVG, with its title for those who do not see it."""
    xs = [x for x, *_ in (*chart.dots, *chart.line, *chart.bars)] + [x for x, _ in chart.marks]
    ys = [y for _, *rest in (*chart.dots, *chart.line, *chart.bars) for y in rest] + (
        [chart.level] if chart.level else []
    )
    widest = max(xs, default=1.0)
    across = _Scale(_TICKS * math.ceil(widest / _TICKS) if chart.counts else _nice(widest), _LEFT, _WIDTH - _RIGHT)
    up = _Scale(_nice(max(ys, default=1.0)), _HEIGHT - _BOTTOM, _TOP)
    parts = [*_axes(chart, across, up)]
    if chart.level is not None:
        parts.append(f'<path class="level" d="M{_LEFT} {up(chart.level):.1f}H{_WIDTH - _RIGHT}"/>')
        place = f'x="{_WIDTH - _RIGHT}" y="{up(chart.level) - 6:.1f}" text-anchor="end"'
        parts.append(f"<text {place}>{escape(chart.bound)}</text>")
    for x, name in chart.marks:
        parts.append(f'<path class="mark" d="M{across(x):.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{across(x) + 4:.1f}" y="{_TOP + 12}">{escape(name)}</text>')
    parts += [f'<path class="bar" d="M{across(x):.1f} {up(low):.1f}V{up(high):.1f}"/>' for x, low, high in chart.bars]
    if chart.line:
        parts.append(
            '<path class="line" d="M' + "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in chart.line) + '"/>'
        )
    parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="4"/>' for x, y in chart.dots]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label={quoteattr(chart.title)}>{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Scale:
    """From 0 to `top` onto pixels."""

    top: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        return self.begin + (self.end - self.begin) * value / self.top


def _axes(chart: Chart, across: _Scale, up: _Scale) -> list[str]:
    parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}"/>']
    for tick in range(_TICKS + 1):
        x, y = across.top * tick / _TICKS, up.top * tick / _TICKS
        parts.append(
            f'<text class="tick" x="{across(x):.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.3g}</text>'
        )
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(chart.x)}</text>')
    parts.append(
        f'<text transform="translate(14 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(chart.y)}</text>'
    )
    return parts


def _nice(most: float) -> float:
    """A round number a little above."""
    scale = 1.0
    while most > 10 * scale:
        scale *= 10
    while most <= scale and scale > 1e-9:
        scale /= 10
    return next((step * scale for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if most <= step * scale), 10 * scale)
