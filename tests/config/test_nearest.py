"""What somebody may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.nearest import did_you_mean, nearest

KNOWN = ("job_queue_size", "minWorkers", "batchSize")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("job_queue_sise", "job_queue_size"),
        ("JOB_QUEUE_SIZE", "job_queue_size"),
        ("jobQueueSize", "job_queue_size"),
        ("min_workers", "minWorkers"),
        ("BATCHSIZE", "batchSize"),
        ("colour", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_the_nearest(written, meant):
    """In whichever case, and with underscores or not."""
    assert nearest(written, KNOWN) == meant
    assert did_you_mean(written, KNOWN) == (f"; did you mean {meant}?" if meant else "")


@given(st.text() | st.integers() | st.none())
def test_anything(written):
    """Has an answer that is known, or none."""
    assert nearest(written, KNOWN) in (*KNOWN, None)
