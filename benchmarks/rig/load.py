"""Load from `wrk -t1`.

In: a URL, connections, seconds and a body. Out: rate, percentiles and failures, as wrk's own Lua hook reports them.
Called by the benchmarks. A run in which any answer failed is void: it raises VoidRunError.
"""

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MARK = "MEASURED "
SETTLE_S = 1.0
# wrk counts as `status` every answer whose status is above 399. Its latencies are in microseconds.
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "{content_type}"
wrk.body = string.rep("x", {body_bytes})

function done(summary, latency, requests)
  local failed = summary.errors
  io.write(string.format(
    '{mark}{{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d,' ..
    '"not_2xx": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.status, failed.connect, failed.read, failed.write, failed.timeout))
end
"""


class VoidRunError(Exception):
    """A load run that proves nothing, because some of its requests failed or none were answered."""


@dataclass(frozen=True)
class Load:
    """What to send: POSTs of `body_bytes` letters to `url` over `connections` keep-alive connections for `seconds`."""

    url: str
    connections: int
    seconds: int
    body_bytes: int = 16
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Measured:
    """What came back: `rate` in requests a second, latencies in milliseconds."""

    requests: int
    rate: float
    p50_ms: float
    p99_ms: float


def wrk_path() -> str:
    """Where wrk is. Raises FileNotFoundError with a hint where it is not installed."""
    found = shutil.which("wrk")
    if found is None:
        raise FileNotFoundError("wrk is not on PATH; Debian has it: apt-get install wrk")
    return found


def _command(load: Load, script: Path) -> list[str]:
    size = [f"-c{load.connections}", f"-d{load.seconds}s"]
    return [wrk_path(), "-t1", *size, "--timeout", "10s", "-s", str(script), load.url]


def _parse(load: Load, output: str) -> Measured:
    reports = [line for line in output.splitlines() if line.startswith(MARK)]
    if not reports:
        raise VoidRunError(f"wrk on {load.url} reported nothing: {output.strip()[-400:]!r}")
    report = json.loads(reports[-1].removeprefix(MARK))
    failures = {name: report[name] for name in ("not_2xx", "connect", "read", "write", "timeout") if report[name]}
    if failures or not report["requests"]:
        raise VoidRunError(f"{load.url}, c={load.connections}: {report['requests']} requests, failures {failures}")
    rate = report["requests"] / (report["duration_us"] / 1e6)
    return Measured(report["requests"], rate, report["p50_us"] / 1e3, report["p99_us"] / 1e3)


def drive(load: Load) -> Measured:
    """Run wrk once. Raises VoidRunError where an answer was no success, a connection failed, or none came."""
    with tempfile.TemporaryDirectory(prefix="wrk-") as room:
        script = Path(room) / "post.lua"
        script.write_text(SCRIPT.format(content_type=load.content_type, body_bytes=load.body_bytes, mark=MARK))
        done = subprocess.run(
            _command(load, script), capture_output=True, text=True, timeout=load.seconds + 60, check=False
        )
    # wrk leaves its last requests unread; they must not stand in the queue of the next run.
    time.sleep(SETTLE_S)
    return _parse(load, done.stdout + done.stderr)
