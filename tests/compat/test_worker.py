"""`python -m ts.model_service_worker`: a worker that TorchServe's own front end could launch, asked as that asks it."""

import socket
import time

import pytest

from worker.torchserve_protocol import load, predict, read_reply

pytestmark = pytest.mark.integration

HANDLER = "async def handle(data, context): return data and [row['body'] for row in data]\n"
METRICS = "model_metrics:\n  gauge:\n    - {name: PredictionTime, unit: ms, dimensions: [ModelName, Level]}\n"
LOADED = 200
PATIENCE_S = 60


def receive(connection, parts):
    """A reply, whose last bytes are known to be an end of list."""
    data = b""
    while not (data.endswith(b"\xff\xff\xff\xff") and len(data) >= parts):
        piece = connection.recv(4096)
        assert piece, "the worker has hung up"
        data += piece
    return read_reply(data)


def connected(path, process):
    """The worker listens some time after it was launched."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE_S)
    while process.poll() is None:
        try:
            connection.connect(str(path))
        except OSError:
            time.sleep(0.05)
        else:
            return connection
    raise AssertionError(f"it ended with {process.returncode}")


@pytest.mark.parametrize("extra", [[], ["--async"]])
def test_a_worker(outside, extra):
    """It loads, answers, writes metrics as lines, and ends with its front end."""
    source = HANDLER if extra else HANDLER.removeprefix("async ")
    (outside.directory / "echoing.py").write_text(source)
    (outside.directory / "metrics.yaml").write_text(METRICS)
    outside.environ |= {
        "PYTHONPATH": f"{outside.directory}:{outside.environ.get('PYTHONPATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    words = ["--sock-type", "unix", "--sock-name", "s.9000", "--metrics-config", "metrics.yaml", *extra]
    with outside.begin_python("-m", "ts.model_service_worker", *words) as process:
        with connected(outside.directory / "s.9000", process) as connection:  # its end is the worker's
            connection.sendall(load(path=str(outside.directory).encode(), handler=b"echoing"))
            assert receive(connection, 1) == (LOADED, "loaded model m", [])
            connection.sendall(predict((b"r", {}, [(b"body", b"text/plain", b"hello")])))
            assert receive(connection, 20)[2] == [("r", "", 200, "", {}, b"hello")]
        said = process.stdout.read().decode()
    assert process.returncode == 0, said
    assert "Torch worker started." in said
    assert "[METRICS]PredictionTime.Milliseconds:" in said
    assert "|#ModelName:m,Level:Model|#type:GAUGE|" in said
    assert not (outside.directory / "s.9000").exists()


def test_a_model_that_does_not_load(outside):
    """The front end is told TorchServe's words, and the worker ends with 1."""
    (outside.directory / "failing.py").write_text("def handle(data, context): raise RuntimeError('CUDA')\n")
    outside.environ |= {"PYTHONPATH": f"{outside.directory}:{outside.environ.get('PYTHONPATH', '')}"}
    with outside.begin_python("-m", "ts.model_service_worker", "--sock-type", "unix", "--sock-name", "s") as process:
        with connected(outside.directory / "s", process) as connection:
            connection.sendall(load(path=str(outside.directory).encode(), handler=b"failing"))
            assert receive(connection, 1) == (507, "System out of memory", [])
        said = process.stdout.read().decode()
    assert process.returncode == 1, said
    assert "507 - System out of memory" in said


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--sock-type", "unix"], "Wrong arguments passed. No socket name given."),
        (["--sock-type", "tcp"], "Wrong arguments passed. No socket port given."),
        (["--sock-type", "unix", "--sock-name", "s", "--metrics-config", "no.yaml"], "No such file or directory"),
    ],
)
def test_options_that_say_too_little(outside, words, fault):
    """It ends with 1, and says what."""
    result = outside.python("-m", "ts.model_service_worker", *words)
    assert result.returncode == 1
    assert fault in result.stdout
