"""Workers of several processes, started through torchrun: two ranks with gloo, on this machine's processors."""

import os
import signal

import pytest

from integration.server import pack, refusal, wait_until

pytestmark = pytest.mark.integration

# Adds up, over all ranks, what each makes of the bodies; "die" ends the process of rank 1, "who" says what rank 0 sees.
RANKS = """
import json, os, pathlib, signal
import torch
import torch.distributed as dist

class Ranks:
    def initialize(self, context):
        self.rank, self.world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        if context.model_name == "broken" and self.rank == 1:
            raise RuntimeError("rank 1 has no weights")
        dist.init_process_group("gloo")
        (pathlib.Path(os.environ["NOTES"]) / context.model_name / f"rank{self.rank}").write_text(str(os.getpid()))

    def handle(self, data, context):
        bodies = [row["body"].decode() for row in data]
        if bodies == ["die"] and self.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if bodies == ["die"]:
            dist.barrier()
        if bodies == ["who"]:
            return [{"rank": self.rank, "world": self.world, "threads": os.environ["OMP_NUM_THREADS"]}]
        if bodies == ["alone"]:
            return [str(self.rank)]
        shares = torch.tensor([float(body) * (self.rank + 1) for body in bodies])
        dist.all_reduce(shares)
        return [str(int(share)) for share in shares.tolist()]
"""

# A token a step, each the sum over ranks of who is in the step; the ranks' steps must be the same, or gloo raises.
STEPS = """
import os
import torch
import torch.distributed as dist

LEFT = {}

def done(name):
    def criterion(output):
        LEFT[name] -= 1
        return LEFT[name] == 0
    return criterion

def handle(data, context):
    if data is None:
        dist.init_process_group("gloo")
        return None
    names = [context.get_request_id(index) for index in range(len(data))]
    for name, row in zip(names, data):
        if row:
            LEFT[name] = int(row["body"])
    seen = [None] * dist.get_world_size()
    dist.all_gather_object(seen, [(name, LEFT[name]) for name in names])
    assert all(one == seen[0] for one in seen), seen
    context.stopping_criteria = [done(name) for name in names]
    return [f"{len(seen)}"] * len(data)
"""


def config(kind, **more):
    lines = {"minWorkers": 1, "maxWorkers": 1, "startupTimeout": 120, "parallelType": kind, **more}
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def test_tensor_parallel(deploy):
    """Every rank gets every request, and rank 0 answers with what all have made of it; batches too."""
    model = deploy(
        RANKS, config("tp", torchrun="{nproc-per-node: 2, OMP_NUMBER_THREADS: 3}", batchSize=4, maxBatchDelay=50)
    )
    assert model.predict("who").json() == {"rank": 0, "world": 2, "threads": "3"}
    answers = [model.send(str(number)) for number in range(1, 9)]
    assert [answer.result().text for answer in answers] == [str(3 * number) for number in range(1, 9)]
    assert model.describe()["parallelType"] == "tp"
    assert model.describe()["parallelLevel"] == 2


def test_large_bodies_reach_all_ranks(deploy):
    """They travel beside the messages, also from rank to rank."""
    model = deploy(RANKS, config("pptp", parallelLevel=2))
    assert model.predict("7".rjust(200_000)).text == "21"


def test_pipeline(deploy):
    """Rank 0 alone gets requests: the model itself would pass on what the others are to do."""
    model = deploy(RANKS, config("pp", parallelLevel=2))
    assert [model.predict("alone").text for _ in range(3)] == ["0"] * 3
    pids = [int((model.notes / f"rank{rank}").read_text()) for rank in (0, 1)]
    assert len({*pids, *model.pids()}) == 3


def test_a_rank_that_dies(deploy, server):
    """All are ended, whoever waits is told, and the whole worker is started again."""
    model = deploy(RANKS, config("tp", parallelLevel=2))
    first = [int((model.notes / f"rank{rank}").read_text()) for rank in (0, 1)]
    assert model.predict("die").status_code >= 500  # as rank 0 has it: what gloo raised, or its own end
    wait_until(lambda: model.predict("5").text == "15", "the next ranks")
    second = [int((model.notes / f"rank{rank}").read_text()) for rank in (0, 1)]
    assert not {*first} & {*second}
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in first), "the end of the first ranks")
    assert server.metrics("servescope_worker_restarts_total", model_name=model.name) == 1


def test_a_rank_that_cannot_load(server):
    """The model does not load, and whoever registers it is told why; rank 0, which waits for the other, is ended."""
    before = {process.pid for process in server.family()}
    pack(server.store / "broken.mar", "broken", RANKS, config=config("tp", parallelLevel=2, maxRetryTimeoutInSec=1))
    status, _, message = refusal(server, "broken.mar")
    text = "Failed to start workers for model broken version: 1.0: RuntimeError: rank 1 has no weights"
    assert (status, message) == (500, text)
    wait_until(lambda: {process.pid for process in server.family()} <= before, "the end of rank 0")


def test_no_rank_outlives_its_worker(deploy):
    """The agent is killed: its ranks go with it."""
    model = deploy(RANKS, config("tp", parallelLevel=2))
    ranks = [int((model.notes / f"rank{rank}").read_text()) for rank in (0, 1)]
    os.kill(model.pids()[0], signal.SIGKILL)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in ranks), "the end of the ranks")


def test_ranks_keep_step_in_a_running_batch(deploy):
    """Requests join and leave at any time, and all ranks have the same rows at each step."""
    model = deploy(STEPS, config("tp", parallelLevel=2, continuousBatching="true", batchSize=4))
    answers = [model.send(str(number)) for number in (5, 1, 8, 3, 2, 9, 4)]
    assert [answer.result().text for answer in answers] == ["2" * number for number in (5, 1, 8, 3, 2, 9, 4)]
