"""What a running server does when it is told something by a signal, and when its terminal or its readers are gone."""

import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from certificates import loopback_pair
from integration.deployed import Deployed
from integration.net_server import NOOP, begin_start, log, predict, serving
from integration.server import PATIENCE_S, Server, addresses, own_ports, pack, properties, wait_until

pytestmark = pytest.mark.integration

FILES = ["access_log", "model_log", "model_metrics", "ts_log", "ts_metrics"]


def rotate(server: Server, folder: Path) -> None:
    """Move every log file away, as logrotate does."""
    for file in folder.glob("*.log"):
        file.rename(file.with_suffix(".old"))


def test_hang_up_opens_the_logs_anew(tmp_path):
    """All five are there again at once, new lines go to them, and requests in flight are none the wiser."""
    with serving(tmp_path / "server", {"access_log_request_id": "true"}, {"noop": NOOP}) as server:
        logs = server.directory / "logs"
        predict(server, "/predictions/noop")
        rotate(server, logs)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: all((logs / f"{name}.log").exists() for name in FILES), "the files")
        request_id = predict(server, "/predictions/noop").headers["x-request-id"]
        wait_until(lambda: request_id in log(server, "access_log.log"), "the line")
        assert request_id not in (logs / "access_log.old").read_text()
        assert "SIGHUP: the log files are opened anew" in log(server, "ts_log.log")
        assert "SIGHUP" not in (logs / "ts_log.old").read_text()


def test_hang_up_opens_configured_logs_and_the_console_anew(tmp_path):
    """Files of --log-config's handlers, and what the shell has redirected standard output to."""
    config = tmp_path / "logging.ini"
    own = tmp_path / "own.log"
    config.write_text(
        "[loggers]\nkeys=root\n[handlers]\nkeys=own\n[formatters]\nkeys=\n[logger_root]\nhandlers=own\nlevel=INFO\n"
        f"[handler_own]\nclass=FileHandler\nargs=({str(own)!r}, 'w')\n"
    )
    with serving(tmp_path / "server", {}, {}, arguments=["--log-config", str(config)]) as server:
        wait_until(own.exists)
        own.rename(tmp_path / "own.old")
        console = server.directory / "console"
        console.rename(server.directory / "console.old")
        server.process.send_signal(signal.SIGHUP)
        wait_until(console.exists, "the console's file")
        server.manage("GET", "/models")
        wait_until(lambda: '"GET /models' in console.read_text(), "the echo")


def test_hang_up_neither_drains_nor_ends(launch):
    """A request in flight is answered, new ones are served, and /ping is well; again and again."""
    server = launch()
    server.register(pack(server.store / "m.mar", "m", NOOP))
    for _ in range(3):
        server.process.send_signal(signal.SIGHUP)
        assert server.ping() == 200
        assert Deployed(server, "m").predict("x").text == "ok"
    assert server.process.poll() is None


def test_under_nohup(tmp_path):
    """SIGHUP does what it does otherwise: it ends nobody, and logrotate needs it."""
    ignoring = (
        "import os, signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.execv(sys.argv[1], sys.argv[1:])"
    )
    server = Server(tmp_path, {}, before=[sys.executable, "-c", ignoring])
    try:
        rotate(server, server.directory / "logs")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: (server.directory / "logs" / "access_log.log").exists(), "the files")
    finally:
        server.end()


def test_quit_shows_where_the_threads_are(launch):
    """On standard error, as a JVM does it; the server goes on."""
    server = launch()
    server.process.send_signal(signal.SIGQUIT)
    wait_until(lambda: "Current thread" in server.console(), "the stacks")
    assert "servescope/runtime/serve.py" in server.console()
    assert server.ping() == 200


def test_a_terminal_that_is_closed(tmp_path):
    """The server goes on without it, and ends in order, with status 0, when it is told to."""
    (tmp_path / "store").mkdir()
    ports = own_ports()
    (tmp_path / "config.properties").write_text(properties({**addresses(ports), "model_store": "store"}))
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ["TEMP"] = str(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "servescope.cli.main", "start", "--ncs", "--dt"])
    said = b""
    while b"Model server started." not in said:
        assert select.select([terminal], [], [], PATIENCE_S)[0], said
        said += os.read(terminal, 65536)
    os.close(terminal)
    log_file = tmp_path / "logs" / "ts_log.log"
    wait_until(lambda: "SIGHUP" in log_file.read_text(), "the hang-up")
    with socket.create_connection(("127.0.0.1", ports["inference"]), timeout=PATIENCE_S) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_reader_of_its_output_that_is_gone(tmp_path):
    """`servescope start | head -1`: a broken pipe costs the echo, and the status at the end is 0."""
    (tmp_path / "store").mkdir()
    process = begin_start(tmp_path, stdout=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    started = tmp_path / "logs" / "ts_log.log"
    wait_until(lambda: started.exists() and "Model server started." in started.read_text(), "it to start")
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def test_a_launcher_that_dies(tmp_path):
    """Whoever started the server and waits for its word may be killed; the server does not mind."""
    (tmp_path / "store").mkdir()
    reader, writer = os.pipe()
    process = begin_start(tmp_path, "--ready-fd", str(writer), stdout=subprocess.DEVNULL, pass_fds=[writer])
    os.close(reader)
    os.close(writer)
    started = tmp_path / "logs" / "ts_log.log"
    wait_until(lambda: started.exists() and "Model server started." in started.read_text(), "it to start")
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


@pytest.fixture
def secure(tmp_path):
    """A server with TLS, its inference port, and the files of its certificate."""
    pair = tmp_path / "pair"
    pair.mkdir()
    loopback_pair(pair)
    ports = own_ports()
    settings = addresses(ports, "https") | {
        "certificate_file": str(pair / "certificate.pem"),
        "private_key_file": str(pair / "key.pem"),
    }
    with serving(tmp_path / "server", settings, {}) as server:
        yield server, ports["inference"], pair


def shown(port: int) -> str:
    """The certificate that a new connection is shown."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE_S)


def test_a_new_certificate(secure):
    """Is shown to new connections at a SIGHUP; one that was open goes on with what it began with."""
    server, port, pair = secure
    old = (pair / "certificate.pem").read_text()
    context = ssl.create_default_context(cafile=str(pair / "certificate.pem"))
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
        assert shown(port) == old
        loopback_pair(pair)
        new = (pair / "certificate.pem").read_text()
        assert new != old
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: shown(port) == new, "the new certificate")
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_files_that_change(secure):
    """Need no signal; also where the names are links that lead elsewhere now, as Kubernetes and certbot do it."""
    _, port, pair = secure
    other = pair / "other"
    other.mkdir()
    loopback_pair(other)
    for name in ("certificate.pem", "key.pem"):
        (pair / "link").symlink_to(other / name)
        (pair / "link").rename(pair / name)
    wait_until(lambda: shown(port) == (other / "certificate.pem").read_text(), "the new certificate")


@pytest.mark.parametrize("broken", ["certificate.pem", "key.pem"])
def test_a_broken_file(secure, broken):
    """Is told in the log, and the certificate stays as it was; put right, the new one is taken."""
    server, port, pair = secure
    old = (pair / "certificate.pem").read_text()
    good = pair / "good"
    good.mkdir()
    loopback_pair(good)
    for name in ("certificate.pem", "key.pem"):
        shutil.copy(good / name, pair / name)
    (pair / broken).write_text("no PEM")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "The certificate stays as it was" in log(server, "ts_log.log"), "a line")
    assert str(pair / broken) in re.findall(r"stays as it was: (.*)", log(server, "ts_log.log"))[-1]
    assert shown(port) == old
    shutil.copy(good / broken, pair / broken)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: shown(port) == (good / "certificate.pem").read_text(), "the new certificate")
