"""CPUUtilization, against fixture files and psutil."""

from pathlib import Path

import psutil
import pytest

from servescope.metrics.collectors.cpu import CpuCollector, CpuTimes, parse_cpu_times

PROC = Path(__file__).parent / "proc"


def percent(collector: CpuCollector) -> float:
    (reading,) = collector.update()
    assert (reading.family, reading.labels) == ("CPUUtilization", ("Host", "h"))
    return reading.value


def test_parse() -> None:
    """Idle and iowait are not busy; guest time is in user already."""
    assert parse_cpu_times((PROC / "stat").read_text()) == CpuTimes(busy=170, total=1020)


@pytest.mark.parametrize("text", ["", "cpu0 1 2 3 4\n", "cpu  1 2 3\n"])
def test_unusable(text: str) -> None:
    """A file that says nothing is an error, not 0 %."""
    with pytest.raises(ValueError, match="no usable line `cpu`"):
        parse_cpu_times(text)


def test_since_the_last_sample(tmp_path: Path) -> None:
    """First since boot, then since the sample before; without a tick in between the same again."""
    stat = tmp_path / "stat"
    collector = CpuCollector("h", tmp_path)
    stat.write_text("cpu  10 0 10 80 0 0 0 0 0 0\n")
    assert percent(collector) == 20.0
    stat.write_text("cpu  80 0 10 110 0 0 0 0 0 0\n")
    assert percent(collector) == 70.0
    assert percent(collector) == 70.0


def test_iowait_that_runs_backwards(tmp_path: Path) -> None:
    """The kernel admits that it may; the share stays between 0 and 100."""
    stat = tmp_path / "stat"
    collector = CpuCollector("h", tmp_path)
    stat.write_text("cpu  10 0 10 80 50 0 0 0 0 0\n")
    collector.update()
    stat.write_text("cpu  20 0 10 80 45 0 0 0 0 0\n")
    assert percent(collector) == 100.0


def test_this_host_as_psutil_sees_it() -> None:
    """Both read the same counters, one right after the other."""
    ours = parse_cpu_times(Path("/proc/stat").read_text())
    theirs = psutil.cpu_times()
    busy = theirs.user + theirs.nice + theirs.system + theirs.irq + theirs.softirq + theirs.steal
    ticks = 100.0
    assert ours.busy / ticks == pytest.approx(busy, rel=0.02)
    assert ours.total / ticks == pytest.approx(busy + theirs.idle + theirs.iowait, rel=0.02)
