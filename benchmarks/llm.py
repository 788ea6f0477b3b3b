"""A language model behind Servescope against the same model behind vLLM's own OpenAI server: streamed completions.

    python benchmarks/llm.py [--quick] [--rounds N] [--connections 1 8 32] [--model DIR] [--json FILE]

In: an environment that has servescope and vllm; `--model`, else a tiny one that the tests make. Out: a table of medians and
ratios beside the limits; the exit status is 1 where one is missed, 2 where the run proves nothing. Both servers are up at
once, as an engine takes half a minute to start, and are loaded in turn, seconds apart, so that a machine whose speed changes
treats both alike. Meanwhile the other one must rest, which is checked. Run by hand; docs/performance.md holds results.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from rig.llm_client import Found, Load
from rig.llm_servers import Server, running, servescope, vllm

CLIENT = Path(__file__).parent / "rig" / "llm_client.py"
TESTS = Path(__file__).parents[1] / "tests"
TOKENS = 128
SETTLE_S = 1.0
# Of one core. An idle server that takes more would slow the one that is measured, and a client that does measures itself.
MOST_IDLE, MOST_CLIENT = 0.3, 0.6
# Of one core: what all other programs may take beside a load, or it is repeated, so often at most.
MOST_FOREIGN, TRIES = 0.2, 20


class VoidRunError(Exception):
    """A load that proves nothing."""


@dataclass(frozen=True)
class Limit:
    """What ours may be of theirs: `ratio` times, and `more` of the unit; at least that much where more is better."""

    key: str
    title: str
    unit: str
    ratio: float
    more: float
    more_is_better: bool

    def bound(self, theirs: float) -> float:
        """The value that ours must reach, or keep to."""
        return theirs * self.ratio + self.more

    def met(self, ours: float, theirs: float) -> bool:
        """Whether it does."""
        return ours >= self.bound(theirs) if self.more_is_better else ours <= self.bound(theirs)

    @property
    def text(self) -> str:
        """For the table."""
        more = f" + {self.more:g} {self.unit}" if self.more else ""
        return f"{'≥' if self.more_is_better else '≤'} {self.ratio:g} ×{more}"


LIMITS = (
    Limit("tokens_s", "tokens/s", "1/s", 0.9, 0.0, True),
    Limit("ttft_p50", "time to first token, median", "ms", 1.1, 2.0, False),
    Limit("itl_p99", "inter-token, p99", "ms", 1.2, 0.0, False),
)


@dataclass(frozen=True)
class Plan:
    """Rounds, and seconds of each load; `warm_up_s` of each before the first round, as an engine's first steps take long."""

    rounds: int
    seconds: float
    warm_up_s: float


FULL = Plan(rounds=7, seconds=5.0, warm_up_s=4.0)
QUICK = Plan(rounds=3, seconds=2.0, warm_up_s=2.0)
Row = dict[str, float]


def _client(load: Load) -> Found:
    """One load by a process of its own."""
    words = [sys.executable, str(CLIENT), json.dumps(asdict(load))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=load.seconds + 120, check=False)
    if done.returncode:
        raise VoidRunError(f"the client failed: {done.stderr[-1000:]}")
    found = Found(**json.loads(done.stdout))
    if found.failures or not found.streams:
        raise VoidRunError(f"{load}: {found.streams} streams, failures: {found.failures[:3]}")
    if found.cpu_share > MOST_CLIENT:
        raise VoidRunError(f"{load}: the client took {found.cpu_share:.0%} of a core")
    return found


def _busy_s() -> float:
    """Seconds so far that processors of this machine were not idle."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait


def measure(server: Server, others: Sequence[Server], load: Load) -> Row:
    """One load of one server. Raises VoidRunError where it proves nothing."""
    before, idle, busy, began = server.cpu_s(), _sums(others), _busy_s(), time.monotonic()
    found = _client(load)
    took, busy, after = time.monotonic() - began, _busy_s() - busy, server.cpu_s()
    rested = {name: (used - idle[name]) / took for name, used in _sums(others).items()}
    for name, share in rested.items():
        if share > MOST_IDLE:
            raise VoidRunError(f"{name}, which had nothing to do, took {share:.0%} of a core")
    own = sum(after.values()) - sum(before.values())
    foreign = busy / took - own / took - sum(rested.values()) - found.cpu_share
    tokens = found.streams * load.tokens
    parts = {f"{part}_us": (after[part] - before[part]) / tokens * 1e6 for part in before}
    time.sleep(SETTLE_S)
    measured = {key: value for key, value in asdict(found).items() if key != "failures"}
    return measured | parts | {"foreign": max(0.0, foreign)}


def _sums(servers: Sequence[Server]) -> dict[str, float]:
    """Processor seconds so far of each."""
    return {server.name: sum(server.cpu_s().values()) for server in servers}


def measure_alone(server: Server, others: Sequence[Server], load: Load, busy: bool) -> Row:
    """The first of several loads beside which the machine did little else, or, if `busy`, the first of all.

    Raises VoidRunError where there is none.
    """
    for _ in range(TRIES):
        row = measure(server, others, load)
        shown = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
        print(f"c={load.connections:<3} {server.name:10}  {shown}", file=sys.stderr, flush=True)
        if busy or row["foreign"] <= MOST_FOREIGN:
            return row
    raise VoidRunError(f"other programs took {row['foreign']:.0%} of a core; --busy takes the result as it is")


def take_turns(
    servers: Sequence[Server], plan: Plan, connections: Sequence[int], busy: bool
) -> dict[int, dict[str, list[Row]]]:
    """All rounds: rows by number of connections and server. Who goes first changes with the round."""
    found: dict[int, dict[str, list[Row]]] = {count: {one.name: [] for one in servers} for count in connections}
    for number in range(plan.rounds + 1):
        print(f"round {number}/{plan.rounds}" if number else "warm-up", file=sys.stderr)
        seconds = plan.seconds if number else plan.warm_up_s
        for count in connections:
            for server in servers if number % 2 else reversed(servers):
                others = [one for one in servers if one is not server]
                load = Load(server.port, server.model, count, seconds, TOKENS)
                row = measure_alone(server, others, load, busy or not number)
                if number:
                    found[count][server.name].append(row)
    return found


def medians(rows: Sequence[Row]) -> Row:
    """Of each measurement over the rounds."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def table(summary: dict[int, dict[str, Row]]) -> str:
    """A Markdown table, one row a number of connections and a limit, and what else was seen below it."""
    lines = ["| c | | vLLM | Servescope | ratio | limit | |", "|--:|---|--:|--:|--:|--:|---|"]
    for count, by_server in summary.items():
        theirs, ours = by_server["vLLM"], by_server["Servescope"]
        for limit in LIMITS:
            mine, other = ours[limit.key], theirs[limit.key]
            verdict = "met" if limit.met(mine, other) else "MISSED"
            values = f"{other:.4g} {limit.unit} | {mine:.4g} {limit.unit} | {mine / other:.3g} ×"
            lines.append(f"| {count} | {limit.title} | {values} | {limit.text} | {verdict} |")
    lines += [
        "",
        "| c | server | engine, µs a token | the rest | first token p99, ms | inter-token p50 | client, of a core |",
    ]
    lines += ["|--:|---|--:|--:|--:|--:|--:|"]
    for count, by_server in summary.items():
        for name, row in by_server.items():
            values = f"{row['engine_us']:.0f} | {row['other_us']:.0f} | {row['ttft_p99']:.3g} | {row['itl_p50']:.3g}"
            lines.append(f"| {count} | {name} | {values} | {row['cpu_share']:.0%} | {row['foreign']:.0%} |")
    return "\n".join(lines)


def all_met(summary: dict[int, dict[str, Row]]) -> bool:
    """Whether no limit is missed."""
    return all(
        limit.met(by_server["Servescope"][limit.key], by_server["vLLM"][limit.key])
        for by_server in summary.values()
        for limit in LIMITS
    )


def _make_model(directory: Path) -> Path:
    sys.path.insert(0, str(TESTS))
    from llm.tiny_model import make_model

    return make_model(directory)


@contextmanager
def both(model: Path | None, options: Sequence[str]) -> Iterator[list[Server]]:
    """The two servers, started one after the other."""
    with tempfile.TemporaryDirectory(prefix="llm-", ignore_cleanup_errors=True) as name, ExitStack() as held:
        room = Path(name)
        model = model.absolute() if model else _make_model(room / "tiny")
        kinds = [vllm(model), servescope(model, options)]
        yield [held.enter_context(running(kind, model, room / kind.name)) for kind in kinds]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Servescope with vLLM's own server, on one model.")
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="so many rounds")
    parser.add_argument("--seconds", type=float, metavar="S", help="of each load")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32], metavar="C", help="else 1 8 32")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a model's directory, else a tiny one is made")
    parser.add_argument("--option", action="append", default=[], metavar="WORD", help="a further word for Servescope")
    parser.add_argument("--busy", action="store_true", help="take results whatever else the machine does")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round and the medians there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit status: 0 all limits met, 1 one missed, 2 void or impossible to run."""
    arguments = _arguments(argv)
    plan = QUICK if arguments.quick else FULL
    plan = replace(plan, rounds=arguments.rounds or plan.rounds, seconds=arguments.seconds or plan.seconds)
    try:
        with both(arguments.model, arguments.option) as servers:
            found = take_turns(servers, plan, arguments.connections, arguments.busy)
    except (VoidRunError, ImportError, RuntimeError, TimeoutError, subprocess.TimeoutExpired) as error:
        print(f"VOID: {error}", file=sys.stderr)
        return 2
    summary = {count: {name: medians(rows) for name, rows in by.items()} for count, by in found.items()}
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"plan": asdict(plan), "rounds": found, "medians": summary}, indent=2) + "\n"
        )
    print(table(summary))
    return 0 if all_met(summary) else 1


if __name__ == "__main__":
    sys.exit(main())
