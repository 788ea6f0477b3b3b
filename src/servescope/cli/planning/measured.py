"""A plan from files that another program has written: in, `--measured` options; out, a `Plan`. Called by `command`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from servescope.cli.planning.asked.options import read_words
from servescope.errors import ConfigurationError
from servescope.planner.limits.limit import Limit
from servescope.planner.measured.points import find_points, parse_run
from servescope.planner.measured.run import Run
from servescope.planner.plan.plan import Asked, Machine, Plan, impossible, make_plan

_UNKNOWN = Limit("unknown", "the files say nothing of what the server used", {})
_MOST_WORKERS = 1000


def plan_measured(words: Sequence[str], asked: Asked) -> Plan:
    """`words`: each a file, of one worker, or `WORKERS=FILE`.

    Raises:
        ConfigurationError: a file cannot be read, is none of those that are known, or does not tell.
    """
    runs: dict[int, list[Run]] = {}
    for word in words:
        workers, file = _split(word)
        runs.setdefault(workers, []).append(parse_run(read_words("--measured", file), f"--measured {str(file)!r}"))
    availability = 0.99 if asked.availability is None else asked.availability / 100
    found = find_points(runs, asked.objective, availability)
    if not found.points:
        lowest = min((one for those in runs.values() for one in those), key=lambda one: one.rate)
        return impossible(asked, _UNKNOWN, lowest.nearest(asked.objective))
    plan = make_plan(found.points, asked, _UNKNOWN, Machine(), tokens_a_request=found.tokens_a_request)
    # How full a worker is at the edge is not known, and so no target for the autoscaler.
    bounds = {key: plan.autoscale[key] for key in ("minWorkers", "maxWorkers")}
    return replace(plan, autoscale=bounds, remarks=(*plan.remarks, *found.remarks))


def _split(word: str) -> tuple[int, Path]:
    match = re.fullmatch(r"([0-9]+)=(.+)", word)
    if match is None:
        return 1, Path(word)
    if len(match[1]) > 4 or not 1 <= int(match[1]) <= _MOST_WORKERS:
        raise ConfigurationError(f"--measured {word!r}: {match[1]} is no count of workers from 1 to {_MOST_WORKERS}")
    return int(match[1]), Path(match[2])
