"""A picture of a comparison: in, a load and outcomes; out, a PNG and an SVG of load, workers, latency and decisions over time.

Called by the command. It draws with matplotlib, which is an extra and imported when it is needed. Both files carry a mark, and are
the same for the same simulation.
"""

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from servescope.autoscaler.simulator.compare import Comparison
from servescope.autoscaler.simulator.replay import Load, Outcome, Terms
from servescope.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What the extra `plots` installs.
PACKAGE = "'matplotlib>=3.9'"
MARK = "servescope simulate"
FILES = ("simulation.png", "simulation.svg")
# Hundredths of a point are enough: without the rest an SVG is a third smaller.
_DIGITS = re.compile(rb"(\d\.\d\d)\d+")
_BINS = 120
_INCHES = (11.0, 9.0)
_DOTS = 110
# Any: matplotlib lists all its settings in the type, with or without which this has to pass.
_SETTINGS: Any = {"svg.hashsalt": MARK, "svg.fonttype": "none", "font.size": 9.0, "axes.grid": True, "grid.alpha": 0.3}


def read_matplotlib() -> None:
    """Raise ConfigurationError, which names the extra, where matplotlib is missing."""
    try:
        import matplotlib.figure
    except ImportError as error:
        raise ConfigurationError(f"--out needs the extra plots ({error}): pip install {PACKAGE}") from error
    assert matplotlib.figure


def picture(load: Load, terms: Terms, comparison: Comparison) -> dict[str, bytes]:
    """The files by name."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=_INCHES, layout="constrained")
        _draw(figure, load, terms, comparison.outcomes)
        return {
            FILES[0]: _saved(figure, "png", {"Software": MARK}),
            FILES[1]: _DIGITS.sub(rb"\1", _saved(figure, "svg", {"Creator": MARK, "Date": None})),
        }


def _saved(figure: "Figure", form: str, metadata: dict[str, str | None]) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=_DOTS, metadata=metadata)
    return file.getvalue()


def _draw(figure: "Figure", load: Load, terms: Terms, outcomes: Sequence[Outcome]) -> None:
    load_axes, workers, latency, decisions = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": [1, 2, 2, 1]}
    )
    width = load.end_s / _BINS
    _load(load_axes, load, width)
    for place, outcome in enumerate(outcomes):
        colour = f"C{place % 10}"
        _workers(workers, outcome, load.end_s, colour)
        _latency(latency, load, outcome, width, colour)
        at = [change.at_s for change in outcome.changes if 0 <= change.at_s <= load.end_s]
        decisions.plot(at, [outcome.name] * len(at), "|", color=colour)
    workers.set_ylabel("workers")
    workers.set_yscale("symlog", linthresh=10)
    workers.legend(ncols=2, fontsize="small", loc="upper left")
    latency.axhline(1000 * terms.objective_s, color="black", linestyle="--", linewidth=0.8)
    latency.set_ylabel("p99 in ms")
    latency.set_yscale("log")
    decisions.set_ylabel("changes")
    decisions.set_xlabel("seconds")
    decisions.set_xlim(0, load.end_s)


def _load(axes: "Axes", load: Load, width: float) -> None:
    counts: dict[int, int] = defaultdict(int)
    for at in load.arrivals:
        counts[int(at / width)] += 1
    axes.fill_between(
        [number * width for number in range(_BINS)],
        [counts[number] / width for number in range(_BINS)],
        step="post",
        alpha=0.4,
    )
    axes.set_ylabel("requests/s")


def _workers(axes: "Axes", outcome: Outcome, end_s: float, colour: str) -> None:
    at = [0.0, *(change.at_s for change in outcome.changes), end_s]
    counts = [outcome.started, *(change.after for change in outcome.changes)]
    axes.step(at, [*counts, counts[-1]], where="post", color=colour, label=outcome.name, linewidth=1.0)


def _latency(axes: "Axes", load: Load, outcome: Outcome, width: float, colour: str) -> None:
    """The 99th percentile of what arrived in each stretch of time."""
    by_bin: dict[int, list[float]] = defaultdict(list)
    for at, took in zip(load.arrivals, outcome.latencies, strict=True):
        by_bin[int(at / width)].append(took)
    shown = sorted(by_bin)
    tails = [1000 * sorted(by_bin[number])[ceil(0.99 * len(by_bin[number])) - 1] for number in shown]
    axes.plot([(number + 0.5) * width for number in shown], tails, color=colour, linewidth=0.9)
