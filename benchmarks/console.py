"""What the console costs: its step with many models, and requests a second while pages are open.

    python benchmarks/console.py [--models 50] [--rounds 20] [--seconds 3] [--only step|pages] [--json FILE]

In: an environment with servescope, and wrk on PATH for the pages. Out: milliseconds of a step and of a look for what is wrong, the
share of the time that they take, and the step's longest slice; bytes of both rings; requests/s at c=64 with one page and with ten
over those without, of rounds that take turns, with an interval. The exit status is 1 where a limit is missed, 2 where a run proves
nothing.
"""

import argparse
import http.client
import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from rig.load import Load, VoidRunError, drive
from rig.processes import front_end
from rig.servers import another_servescope, free_ports, running
from servescope.config.model.objectives import Objectives
from servescope.console.evidence.gathered import Gathered
from servescope.console.evidence.watch import Watch
from servescope.console.history.memory import STEP_S, Memory
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry

CONNECTIONS = 64
PAGES = (1, 10)
AT_LEAST = {1: 0.99, 10: 0.97}
STEP_LIMIT = 0.01
RINGS_LIMIT = 60e6
RESAMPLED = 2000


def filled(models: int) -> tuple[Registry, Recorder]:
    """Models with an objective."""
    registry = Registry()
    recorder = Recorder(registry, "h")
    for number in range(models):
        recorder.model(f"model{number}", "1.0", Objectives(latency_s=0.1, latency_target=0.99))
    return registry, recorder


def observe(registry: Registry, chance: random.Random) -> None:
    """A little of everything, as a busy server has it."""
    for name in ("servescope_request_duration_seconds", "servescope_request_stage_seconds", "servescope_batch_size"):
        for series in registry.histogram(name).snapshot():
            for _ in range(5):
                series.observe(10 ** chance.uniform(-4, 2.2))
    for name in ("servescope_requests_total", "servescope_rejected_total", "servescope_worker_restarts_total"):
        for counter in registry.counter(name).snapshot():
            counter.value += chance.randrange(5)


def ticked(memory: Memory) -> list[float]:
    """A step; the seconds of each of its slices."""
    slices, steps = [], memory.tick()
    while True:
        before = time.process_time()
        if next(steps, memory) is memory:
            return slices
        slices.append(time.process_time() - before)


def step_cost(models: int) -> dict[str, float]:
    """Of a whole hour of steps, and of what it takes to look at it then."""
    registry, _ = filled(models)
    chance = random.Random(1)
    clock = [1_000_000.0]
    memory = Memory(registry, "host", lambda: clock[0])
    times, longest = [], []
    for _ in range(memory.hour.size + 1):
        observe(registry, chance)
        clock[0] += STEP_S
        for _ in registry.prepare():
            pass
        slices = ticked(memory)
        times.append(sum(slices))
        longest.append(max(slices))
    watch, looks = Watch(), []
    for _ in range(20):
        before = time.process_time()
        watch.look(Gathered(memory, memory.now()))
        looks.append(time.process_time() - before)
    step, look = statistics.median(times), statistics.median(looks)
    share = step / STEP_S + look / 60.0
    taken = float(sum(ring.bytes for ring in memory.rings))
    longest_ms = statistics.median(longest) * 1e3
    return {"step_ms": step * 1e3, "slice_ms": longest_ms, "look_ms": look * 1e3, "share": share, "ring_bytes": taken}


@contextmanager
def pages(port: int, count: int) -> Iterator[list[int]]:
    """So many pages, which read events; the first fetches a model's page at each, as a browser does. How many events came."""
    seen, over, connections = [0] * count, threading.Event(), []

    def read(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connections.append(connection)
        connection.request("GET", "/console/api/events")
        answer = connection.getresponse()
        while not over.is_set() and (line := answer.fp.readline()):
            if line.startswith(b"event: overview"):
                seen[number] += 1
                if number == 0:
                    other = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                    other.request("GET", "/console/api/models/noop")
                    other.getresponse().read()
                    other.close()

    threads = [threading.Thread(target=read, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    while count and not all(seen):
        time.sleep(0.01)
    try:
        yield seen
    finally:
        over.set()
        for connection in connections:
            if connection.sock is not None:
                connection.sock.shutdown(2)
        for thread in threads:
            thread.join(10)


class Ratios(NamedTuple):
    """By the number of pages, of each round: requests/s with pages over those without, and the front end's processor time a request
    without over that with. The second one hears less of what else the machine does.
    """

    rate: dict[int, list[float]]
    work: dict[int, list[float]]


def ratios(rounds: int, seconds: int) -> Ratios:
    """Rounds that take turns, in another order each time."""
    (port,) = free_ports(1)
    settings = {"metrics_address": f"http://127.0.0.1:{port}"}
    found = Ratios({count: [] for count in PAGES}, {count: [] for count in PAGES})
    with running(another_servescope(Path(__file__).parents[1]), settings) as server:
        load = Load(server.url("noop"), CONNECTIONS, seconds)
        process = psutil.Process(front_end(server.session))
        drive(load)
        for number in range(rounds):
            rates, work = {}, {}
            for count in [0, *PAGES] if number % 2 else [*reversed(PAGES), 0]:
                with pages(port, count):
                    before = sum(process.cpu_times()[:2])
                    measured = drive(load)
                    work[count] = (sum(process.cpu_times()[:2]) - before) / measured.requests
                    rates[count] = measured.rate
            for count in PAGES:
                found.rate[count].append(rates[count] / rates[0])
                found.work[count].append(work[0] / work[count])
            told = (f"{count}: {rates[count]:.0f}/s, {work[count] * 1e6:.1f} µs" for count in (0, *PAGES))
            print(f"round {number + 1}: " + "; ".join(told), flush=True)
    return found


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and where nine times of ten and a half the median of as many rounds lies: a bootstrap."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(RESAMPLED))
    return statistics.median(values), medians[RESAMPLED // 40], medians[-RESAMPLED // 40]


def said(found: tuple[float, float, float]) -> str:
    middle, low, high = found
    return f"{middle:.3f} × (95 %: {low:.3f} to {high:.3f})"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", type=int, default=50)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--only", choices=("step", "pages"))
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    report: dict[str, object] = {}
    good = True
    if given.only != "pages":
        cost = report["step"] = step_cost(given.models)
        print(f"{given.models} models: a step {cost['step_ms']:.1f} ms, its longest slice {cost['slice_ms']:.2f} ms,")
        print(
            f"a look {cost['look_ms']:.1f} ms; {cost['share']:.2%} of the time; both rings {cost['ring_bytes'] / 1e6:.1f} MB"
        )
        good = cost["share"] < STEP_LIMIT and cost["ring_bytes"] < RINGS_LIMIT
    if given.only != "step":
        try:
            measured = ratios(given.rounds, given.seconds)
        except VoidRunError as error:
            print(f"void: {error}", file=sys.stderr)
            return 2
        for count in PAGES:
            rate, work = interval(measured.rate[count]), interval(measured.work[count])
            report[f"pages_{count}"] = {"rate": rate, "work": work, "rounds": measured.rate[count]}
            print(
                f"{count} pages, requests/s: {said(rate)}, at least {AT_LEAST[count]}; by processor time: {said(work)}"
            )
            good = good and rate[0] >= AT_LEAST[count]
    if given.json:
        given.json.write_text(json.dumps(report, indent=2))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
