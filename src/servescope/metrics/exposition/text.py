r"""Prometheus' text format 0.0.4, in the dialect of TorchServe's simpleclient 0.9.0.

In: a registry and the request's `name[]` values. Out: bytes in slices that each take the loop so little time that it can
serve requests between them. Called by `web`'s metrics app, through `negotiation`. The dialect: a comma after the last
label, values as doubles (`1.0`), counters without `_total` added, HELP before TYPE, `untyped` for what is unknown, and
families without series declared all the same (contract, section C).
"""

import time
from collections.abc import Iterator, Sequence

from servescope.metrics.definitions import Definition
from servescope.metrics.exposition.lines import histogram_pieces, scalar_pieces
from servescope.metrics.instruments import AnyFamily, HistogramFamily, SummaryFamily
from servescope.metrics.instruments.escaping import escape_help
from servescope.metrics.registry import Registry
from servescope.metrics.slices import Clock, Slice

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(registry: Registry, names: Sequence[str] = (), clock: Clock = time.perf_counter) -> Iterator[bytes]:
    """The exposition, a slice after each SLICE_S seconds since it was asked for; slices may be empty. `clock` gives seconds.

    `names` are the samples' names wanted, all if empty; a family without any of these samples is then left out
    entirely.
    """
    wanted = frozenset(names)
    pending: list[str] = []
    hand = Slice(clock)
    for _ in hand.pauses(registry.prepare()):
        yield b""
    for family in registry.families():
        for text in _pieces(family, wanted):
            pending.append(text)
            if hand.over():
                yield "".join(pending).encode("utf-8", "replace")
                pending.clear()
                hand.begin()
    if pending:
        yield "".join(pending).encode("utf-8", "replace")


def _pieces(family: AnyFamily, wanted: frozenset[str]) -> Iterator[str]:
    """The family's text in pieces."""
    definition = family.definition
    if wanted and (wanted.isdisjoint(definition.sample_names) or not family.series):
        return
    if isinstance(family, HistogramFamily | SummaryFamily):
        lines = histogram_pieces(definition, family.snapshot(), wanted)
    else:
        lines = scalar_pieces(definition, family.snapshot())
    yield _head(definition)  # after the snapshot, as the family may get other labels while this is on its way
    yield from lines


def _head(definition: Definition) -> str:
    kind = "untyped" if definition.kind == "unknown" else definition.kind
    return f"# HELP {definition.name} {escape_help(definition.description)}\n# TYPE {definition.name} {kind}\n"
