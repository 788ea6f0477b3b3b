"""Micro batches at run time: how many threads each stage has, and that both sizes may change while batches are in them."""

import threading

import pytest
from ts.handler_utils.micro_batching import MicroBatching

from worker.conftest import context_of


class Stages:
    """Notes which micro batch each stage was at. `meet`: micro batches that have to be in a stage at once for any to go on."""

    def __init__(self, **meet):
        self.barriers = {stage: threading.Barrier(count, timeout=20) for stage, count in meet.items()}
        self.seen = []
        self.batching = None
        self.change = None

    def _at(self, stage, rows):
        self.seen.append((stage, self.batching.get_micro_batch_idx(), list(rows)))
        if stage in self.barriers:
            self.barriers[stage].wait()
        if self.change is not None:
            self.change()
        return rows

    def preprocess(self, rows):
        return self._at("preprocess", rows)

    def inference(self, rows):
        return self._at("inference", rows)

    def postprocess(self, rows):
        return [row * 10 for row in self._at("postprocess", rows)]


def batching(handler, *arguments):
    handler.batching = MicroBatching(handler, *arguments)
    return handler.batching


def test_stages_know_their_micro_batch():
    """By its place in the batch, from 0, in every stage; outside of them there is none."""
    handler = Stages()
    made = batching(handler, 2)
    assert made.handle([1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert {(index, tuple(rows)) for _, index, rows in handler.seen} == {(0, (1, 2)), (1, (3, 4)), (2, (5,))}
    assert made.get_micro_batch_idx() is None


@pytest.mark.parametrize("stage", ["preprocess", "inference", "postprocess"])
def test_a_stage_has_its_threads(stage):
    """Three micro batches meet in a stage of three threads: with fewer they would wait for each other for ever."""
    handler = Stages(**{stage: 3})
    assert batching(handler, 1, {stage: 3}).handle([1, 2, 3]) == [10, 20, 30]


def test_parallelism_changes_at_run_time():
    """The stages that are named, and only these; what is read is a copy, as TorchServe's."""
    handler = Stages(inference=2)
    made = batching(handler, 1, {"preprocess": 2})
    made.parallelism = {"inference": 2}
    made.parallelism["inference"] = 99
    assert made.parallelism == {"preprocess": 2, "inference": 2, "postprocess": 1}
    assert made.handle([1, 2, 3, 4]) == [10, 20, 30, 40]


def test_a_stage_changes_sizes_while_batches_are_in_them():
    """A handler that adapts itself: the batch at hand goes on with what it has, the next has the new sizes."""
    handler = Stages()
    made = batching(handler, 1)

    def change():
        made.parallelism = {"preprocess": made.parallelism["preprocess"] % 3 + 1}
        made.micro_batch_size = made.micro_batch_size % 4 + 1

    handler.change = change
    for _ in range(20):
        assert made.handle(list(range(12))) == [row * 10 for row in range(12)]


def test_old_threads_end():
    """Those of sizes that are no longer in force do not add up."""
    made = batching(Stages(), 1)
    before = threading.active_count()
    for threads in (2, 3, 2, 3):
        made.parallelism = {"inference": threads}
        made.handle([1, 2, 3])
    assert threading.active_count() <= before + 2 * (1 + 3 + 1)


@pytest.mark.parametrize(
    ("set_to", "text"),
    [({"inference": 0}, "inference=0"), ({"handle": 2}, "handle=2")],
)
def test_sizes_that_cannot_be(set_to, text):
    """They are refused, named, and the old ones stay."""
    made = batching(Stages(), 2)
    with pytest.raises(ValueError, match=text):
        made.parallelism = set_to
    with pytest.raises(ValueError, match="micro_batch_size=0"):
        made.micro_batch_size = 0
    assert (made.parallelism, made.micro_batch_size) == (
        dict.fromkeys(("preprocess", "inference", "postprocess"), 1),
        2,
    )


def test_a_stage_that_raises():
    """It is the batch's answer, not a wait for ever; the next batch is served."""
    handler = Stages()
    made = batching(handler, 1)
    handler.change = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        made([1, 2], context_of())
    handler.change = None
    assert made([1, 2], context_of()) == [10, 20]
