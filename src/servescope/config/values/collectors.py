"""The option `collectors`: which of them sample. In, a `GivenValue`; out, their names in the order in which they run.

Named by `settings`, called by `load`; the names are those that `metrics.collectors.host` makes collectors for.
"""

from servescope.config.values.parsers import GivenValue

# What TorchServe calls the system's metrics, which disable_system_metrics turns off.
SYSTEM_COLLECTORS = ("cpu", "memory", "disk", "cgroup", "gpu")
COLLECTORS = (*SYSTEM_COLLECTORS, "process", "workers")


def collectors(given: GivenValue) -> tuple[str, ...]:
    """`cpu,memory` selects these alone; `-gpu,-disk` selects all but these. The two cannot be mixed."""
    words = [word.strip().lower() for word in given.text.split(",")]
    dropped = [word.removeprefix("-").strip() for word in words if word.startswith("-")]
    if dropped and len(dropped) < len(words):
        raise given.refuse("both names collectors and drops some: name those to run, or drop some of all with -name")
    named = dropped or words
    for name in named:
        if name not in COLLECTORS:
            raise given.refuse(f"names no collector {name!r}: there are {', '.join(COLLECTORS)}")
    return tuple(name for name in COLLECTORS if (name in named) != bool(dropped))
