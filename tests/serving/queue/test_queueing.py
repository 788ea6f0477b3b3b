"""Which jobs of a queue make the next batch."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from fleet.clock import run
from servescope.serving.queue.queueing import take_batch
from serving.parts import job

LIMIT = 10


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=12), st.integers(1, 5))
def test_every_job_goes_once_and_in_order(queued, size):
    """In batches that are no larger than may be, whose bodies fit a frame, and in which those that go alone are alone."""

    async def main():
        jobs = [job(str(n), body=b"x" * weight, alone=alone).job for n, (weight, alone) in enumerate(queued)]
        queue = deque(jobs)
        batches = []
        while queue:
            batches.append(take_batch(queue, size, LIMIT))
        assert [one for batch in batches for one in batch] == jobs
        for batch in batches:
            assert len(batch) <= size
            assert len(batch) == 1 or sum(len(body) for one in batch for body in one.attachments) <= LIMIT
            assert len(batch) == 1 or not any(one.alone for one in batch)

    run(main())
