"""Load over gRPC from `h2load`, which is nghttp2's, so that the client is C and no part of what is measured.

In: a port, calls at once and seconds. Out: rate and percentiles. Called by over_grpc.py. A run in which any call was not answered
with data is void: it raises VoidRunError.
"""

import re
import shutil
import statistics
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rig.load import Measured, VoidRunError

PREDICTIONS = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
# On the wire: PredictionsRequest(model_name="noop", input={"body": b"x" * 16}) and PredictionResponse(prediction=b"ok").
_INPUT = b"\x0a\x04body\x12\x10" + b"x" * 16
ASKED = b"\x0a\x04noop" + b"\x1a" + bytes([len(_INPUT)]) + _INPUT
ANSWERED = b"\x0a\x02ok"
_FRAME = struct.Struct(">BI")  # gRPC's before each message: not compressed, its length
_CONNECTIONS = 4  # as many as share the calls at once, where there are more calls than that


@dataclass(frozen=True)
class GrpcLoad:
    """`calls` at once, over a few connections, for `seconds`."""

    port: int
    calls: int
    seconds: int


def h2load_path() -> str:
    """Where h2load is. Raises FileNotFoundError with a hint where it is not installed."""
    found = shutil.which("h2load")
    if found is None:
        raise FileNotFoundError("h2load is not on PATH; Debian has it: apt-get install nghttp2-client")
    return found


def drive_grpc(load: GrpcLoad) -> Measured:
    """Run h2load once, after a warm-up of its own. Raises VoidRunError where a call had no answer."""
    with tempfile.TemporaryDirectory(prefix="h2load-") as room:
        body, log = Path(room) / "message", Path(room) / "log"
        body.write_bytes(_FRAME.pack(0, len(ASKED)) + ASKED)
        done = subprocess.run(
            _command(load, body, log), capture_output=True, text=True, timeout=load.seconds + 60, check=False
        )
        return _parse(load, done.stdout + done.stderr, log)


def _command(load: GrpcLoad, body: Path, log: Path) -> list[str]:
    connections = min(_CONNECTIONS, load.calls)
    size = [f"-c{connections}", f"-m{load.calls // connections}", "-t1", f"-D{load.seconds}", "--warm-up-time=1"]
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    url = f"http://127.0.0.1:{load.port}{PREDICTIONS}"
    return [h2load_path(), *size, *headers, "-d", str(body), f"--log-file={log}", url]


def _parse(load: GrpcLoad, output: str, log: Path) -> Measured:
    done = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed", output)
    data = re.search(r"traffic: .*\((\d+)\) data", output)
    rows = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
    if done is None or data is None or not rows:
        raise VoidRunError(f"h2load on port {load.port} reported nothing: {output.strip()[-400:]!r}")
    count = int(done[1])
    expected = count * (_FRAME.size + len(ANSWERED))  # what failed in gRPC's way has status 200 and no data
    if int(done[3]) or int(done[2]) != count or int(data[1]) < expected:
        raise VoidRunError(f"port {load.port}, c={load.calls}: {done[0]}, {data[1]} bytes of answers for {expected}")
    times_ms = sorted(int(row[2]) / 1000 for row in rows)
    cuts = statistics.quantiles(times_ms, n=100)
    return Measured(count, count / load.seconds, cuts[49], cuts[98])
