"""The kinds of queues beside the plain one: those of running batches, those with tickets, and which kind a model has."""

import pytest

from config.model.test_options import resolve
from fleet.clock import run, settle
from fleet.scripted import Fleet, concurrent, silent
from servescope.config.model.config import ModelConfig
from servescope.config.settings import Settings
from servescope.errors import ServiceUnavailable
from servescope.serving.queue.dispatcher import Dispatcher
from servescope.serving.queue.kinds.chosen import queue_of
from servescope.serving.queue.kinds.continuous import ContinuousDispatcher
from servescope.serving.queue.kinds.tickets import ContinuousTicketDispatcher, TicketDispatcher
from servescope.serving.queue.sequences.queue import SequenceQueue
from servescope.wire.messages import Load, Loaded, Stepped
from serving.parts import job, sent

SEQUENCES = {"sequence_batching": True, "sequence_max_idle_ms": 1000}


class Chosen(Fleet):
    """A pool with the queue that a model-config.yaml asks for."""

    def __init__(self, script, workers=1, **yaml):
        super().__init__(script)
        options = resolve(yaml=ModelConfig(**yaml))
        self.queue = queue_of("m", options, Settings(), self.pool, self.recorder, self.model_recorder)
        self.pool.grow(workers)

    def submit(self, *names):
        calls = [job(name) for name in names]
        for call in calls:
            self.queue.submit(call.job)
        return calls


def stepping(life, message):
    """A worker with a running batch of two."""
    if isinstance(message, Load):
        life.say(Loaded(200, "", True, rows=2))
    else:
        silent(life, message)


@pytest.mark.parametrize(
    ("yaml", "kind"),
    [
        ({}, Dispatcher),
        ({"use_job_ticket": True}, TicketDispatcher),
        ({"continuous_batching": True}, ContinuousDispatcher),
        ({"continuous_batching": True, "use_job_ticket": True}, ContinuousTicketDispatcher),
        (SEQUENCES, SequenceQueue),
        (SEQUENCES | {"continuous_batching": True, "use_job_ticket": True}, SequenceQueue),
    ],
)
def test_the_kind_of_a_model(yaml, kind):
    """By its options alone; an ordinary model has the plain one, and nothing of the others on its way."""

    async def main():
        chosen = Chosen(silent, **yaml)
        assert type(chosen.queue) is kind
        assert chosen.pool.events is chosen.queue

    run(main())


def test_a_running_batch_is_joined_at_once():
    """By as many as it has room for, one by one, whatever maxBatchDelay says; the others wait until one has left."""

    async def main():
        chosen = Chosen(stepping, 2, continuous_batching=True, batch_size=2, max_batch_delay=1000)
        await settle()
        chosen.submit(*"abcde")
        one, two = chosen.lives
        assert sorted([sent(one), sent(two)]) == [["a", "c"], ["b", "d"]]
        assert len(chosen.queue) == 1
        full = one if sent(one) == ["a", "c"] else two
        full.answer(full.batches[0], final=False)
        assert len(chosen.queue) == 1
        full.answer(full.batches[1])
        assert (sent(full), len(chosen.queue), chosen.queue.options.batch_size) == (["a", "c", "e"], 0, 2)

    run(main())


def test_a_client_of_a_running_batch_that_hangs_up():
    """The worker is told, and the others of the batch are none the wiser."""

    async def main():
        chosen = Chosen(stepping, continuous_batching=True, batch_size=2)
        await settle()
        first, second = chosen.submit(*"ab")
        chosen.queue.abandon(first.job)
        life = chosen.lives[0]
        assert life.cancelled == ["a"]
        life.answer(life.batches[1])
        assert bytes((await second.future).body) == b"b"

    run(main())


def test_steps_are_recorded():
    """What workers tell of their steps; a message without rows is of those that left between two."""

    async def main():
        chosen = Chosen(stepping, continuous_batching=True, batch_size=2)
        chosen.model_recorder.batching.continuous.begin(lambda: 7)
        await settle()
        life = chosen.lives[0]
        for message in (Stepped(2, 0.5, []), Stepped(2, 0.25, [3]), Stepped(0, 0.0, [4])):
            life.say(message)
        assert chosen.count("servescope_continuous_rows", "m", "1.0") == 7
        families = [
            chosen.registry.histogram(f"servescope_continuous_{what}")
            for what in ("step_rows", "step_seconds", "request_steps")
        ]
        told = [(one.count, one.sum) for family in families for one in [family.labels("m", "1.0")]]
        assert told == [(2, 4.0), (2, 0.75), (2, 7.0)]
        chosen.model_recorder.remove()
        assert chosen.count("servescope_continuous_rows", "m", "1.0") == 0
        assert not any(family.series for family in families)

    run(main())


def test_a_ticket_for_each_free_worker():
    """Whoever finds none is refused, and counted; nobody waits. One that loads has none yet, and requests wait for none."""

    async def main():
        chosen = Chosen(silent, 2, use_job_ticket=True, batch_size=4, max_batch_delay=50)
        with pytest.raises(ServiceUnavailable, match=r"No worker is free \(useJobTicket\)"):
            chosen.submit("z")
        await settle()
        chosen.submit(*"ab")
        with pytest.raises(ServiceUnavailable):
            chosen.submit("c")
        assert chosen.count("servescope_rejected_total", "m", "1.0", "no_ticket") == 2
        assert len(chosen.queue) == 0

    run(main())


@pytest.mark.parametrize(
    ("script", "yaml", "taken"),
    [(stepping, {"continuous_batching": True}, 2), (concurrent, {"async_communication": True}, 9)],
)
def test_tickets_of_workers_that_take_several(script, yaml, taken):
    """A ticket for each row that is free, or for any number."""

    async def main():
        chosen = Chosen(script, use_job_ticket=True, **yaml)
        await settle()
        accepted = 0
        for number in range(9):
            try:
                chosen.submit(str(number))
                accepted += 1
            except ServiceUnavailable:
                pass
        assert accepted == taken

    run(main())
