"""What benchmarks that compare servers have in common: their options, the rounds that servers take turns in, the file of findings.

Called by front_ends.py, over_grpc.py, versus_mosec.py and versus_torchserve.py.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

from rig.load import VoidRunError
from rig.ratios import Found, medians, take_turns
from rig.servers import Kind

Plan = TypeVar("Plan")


def add_options(parser: ArgumentParser) -> None:
    """How many rounds, and where they are written."""
    parser.add_argument("--quick", action="store_true", help="two short rounds instead of five")
    parser.add_argument("--rounds", type=int, metavar="N", help="so many rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round and the medians there")


def compared(
    arguments: Namespace,
    plans: tuple[Plan, Plan],
    kinds: Callable[[], Sequence[Kind]],
    measure: Callable[[Kind, Plan], Found],
) -> dict[str, Found] | None:
    """The medians of each kind, by its name. `plans`: a quick one and a full one, dataclasses with `rounds`. `kinds` raises where
    what they need is missing. None, said on stderr, where there is nothing to compare.
    """
    plan = plans[0] if arguments.quick else plans[1]
    if arguments.rounds:
        plan = replace(plan, rounds=arguments.rounds)
    try:
        rounds = take_turns(kinds(), plan.rounds, lambda kind: measure(kind, plan))
    except (VoidRunError, FileNotFoundError, RuntimeError, TimeoutError) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return None
    summary = {name: medians(found) for name, found in rounds.items()}
    if arguments.json:
        found = {"plan": asdict(plan), "rounds": rounds, "medians": summary}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    return summary
