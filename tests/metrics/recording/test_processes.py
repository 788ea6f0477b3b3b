"""Which processes are whose."""

from servescope.metrics.recording.processes import WorkerProcess, WorkerProcesses


def test_started_replaced_ended() -> None:
    """A restart has the same name and another process; a snapshot does not change."""
    processes = WorkerProcesses()
    processes.started("W-9000-m_1.0", "m", "1.0", 10)
    processes.started("W-9001-m_1.0", "m", "1.0", 11)
    before = processes.snapshot()
    processes.started("W-9000-m_1.0", "m", "1.0", 12)
    processes.ended("W-9001-m_1.0")
    processes.ended("W-9001-m_1.0")
    assert {worker.pid for worker in before} == {10, 11}
    assert processes.snapshot() == (WorkerProcess("m", "1.0", "W-9000-m_1.0", 12),)
    assert processes.snapshot()[0].labels == ("m", "1.0", "W-9000-m_1.0")


def test_no_process_id() -> None:
    """A worker that ended before anyone could say that it had started is not running, nor is its predecessor."""
    processes = WorkerProcesses()
    processes.started("W-9000-m_1.0", "m", "1.0", 10)
    processes.started("W-9000-m_1.0", "m", "1.0", 0)
    assert processes.snapshot() == ()
