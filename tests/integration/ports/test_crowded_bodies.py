"""Hundreds of large bodies with everything going wrong around them: no handler is given a byte of another's."""

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import psutil
import pytest

from integration.marked import MIB, MODELS, ask, nothing_held, pids, register, sent, wrong
from integration.server import PATIENCE_S, Server

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A server with two front ends, models that are soon given up, and one that nobody disturbs."""
    server = Server(tmp_path_factory.mktemp("crowded"), {"front_ends": "2", "max_request_size": str(8 * MIB)})
    for kind in MODELS:
        register(server, kind, kind, response_timeout=2, initial_workers=2)
    register(server, "calm", "plain", initial_workers=2)
    yield server
    server.end()


class Crowd:
    """Clients of all kinds, each request with a number of its own."""

    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.numbers = iter(range(10_000_000 * (seed + 1), 10_000_000 * (seed + 2)))
        self.statuses = Counter()
        self.mixed = []

    def run(self, count):
        with httpx.Client(timeout=PATIENCE_S) as client:
            for number, _ in zip(self.numbers, range(count), strict=False):
                size = self.random.choice([65_537, 70_000, 70_000, 200_000, 200_000, MIB, 3 * MIB, 1000])
                model = self.random.choice([*MODELS, *MODELS, "calm"])
                self.one(client, model, number, size, self.random.random())

    def one(self, client, model, number, size, chance):
        try:
            if chance < 0.1:  # leaves in the middle of it
                sent(self.server, model, number, size, size // 2).close()
            elif chance < 0.25:  # or at some time after it
                with sent(self.server, model, number, size):
                    time.sleep(self.random.random() / 50)
            else:
                answer = ask(client, self.server, model, number, size, chunks=chance < 0.4)
                self.statuses[answer.status_code] += 1
                if answer.status_code == 200 and answer.json() != [number, True]:
                    self.mixed.append((number, answer.text))
        except (httpx.TransportError, OSError) as error:
            self.statuses[type(error).__name__] += 1


def harm(server, over, chance):
    """Stops workers for a while, and kills some, and a front end now and then."""
    while not over.wait(chance.random() / 5):
        model = chance.choice(MODELS)
        for pid in pids(server, model)[:1]:
            with suppress(ProcessLookupError):
                if chance.random() < 0.15:
                    os.kill(pid, signal.SIGKILL)
                    continue
                os.kill(pid, signal.SIGSTOP)
                over.wait(2.5 * chance.random() ** 2)  # a worker is ended after 2 s
                os.kill(pid, signal.SIGCONT)
        if chance.random() < 0.05 and (front_ends := server.front_ends()):
            with suppress(psutil.NoSuchProcess):
                chance.choice(front_ends).kill()


def test_a_crowd(wide):
    """Hundreds of bodies, while workers are slow to read, killed and timed out, clients hang up, and front ends die."""
    crowds = [Crowd(wide, seed) for seed in range(6)]
    over = threading.Event()
    harming = threading.Thread(target=harm, args=(wide, over, random.Random(7)))
    harming.start()
    try:
        with ThreadPoolExecutor(len(crowds)) as threads:
            list(threads.map(lambda crowd: crowd.run(100), crowds))
    finally:
        over.set()
        harming.join()
    assert [mixed for crowd in crowds for mixed in crowd.mixed] == []
    assert wrong(wide) == []
    statuses = sum((crowd.statuses for crowd in crowds), Counter())
    assert statuses[200] > 100, statuses
    nothing_held(wide)
