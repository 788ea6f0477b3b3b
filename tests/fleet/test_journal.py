"""What ts_log.log says of a worker, in TorchServe's words too."""

import logging
from types import SimpleNamespace

from servescope.fleet.journal import Journal
from servescope.fleet.worker.work import Ending

WORKER = SimpleNamespace(name="W-9000-m_1.0", number=9000, pid=7)


def test_a_life_with_a_recovery(caplog):
    """TorchServe's texts stand at the beginning of their messages; what is ours names the worker and the reason."""
    caplog.set_level(logging.INFO)
    journal = Journal(WORKER, lambda: 1.5)
    journal.ready()
    journal.ended(Ending("timeout", "no answer within 2 s"))
    journal.retried(1.0)
    journal.load_failed("m", "exited with status 1")
    journal.ended(Ending("exit", "exited with status 1"))
    journal.retried(1.0)
    journal.ready()
    journal.given_up(300, Ending("exit", "x"))
    assert caplog.messages == [
        "W-9000-m_1.0 is ready, process 7",
        "W-9000-m_1.0 State change WORKER_STARTED -> WORKER_MODEL_LOADED",
        "Backend worker did not respond in given time: W-9000-m_1.0: no answer within 2 s",
        "W-9000-m_1.0 ended: no answer within 2 s",
        "9000 Worker disconnected. WORKER_MODEL_LOADED: W-9000-m_1.0",
        "W-9000-m_1.0 State change WORKER_MODEL_LOADED -> WORKER_STOPPED",
        "Auto recovery start timestamp: 1500: W-9000-m_1.0",
        "Retry worker: 9000 in 1 seconds. (W-9000-m_1.0)",
        "Load model failed: m, error: exited with status 1",
        "W-9000-m_1.0 ended: exited with status 1",
        "9000 Worker disconnected. WORKER_STARTED: W-9000-m_1.0",
        "W-9000-m_1.0 State change WORKER_STARTED -> WORKER_STOPPED",
        "Auto recovery failed again: W-9000-m_1.0",
        "Retry worker: 9000 in 1 seconds. (W-9000-m_1.0)",
        "W-9000-m_1.0 is ready, process 7",
        "W-9000-m_1.0 State change WORKER_STARTED -> WORKER_MODEL_LOADED",
        "Auto recovery succeeded, reset recoveryStartTS: W-9000-m_1.0",
        "W-9000-m_1.0 is given up after 300 s of failures: x",
    ]
