"""A registration that waits for its workers says why they did not start: TorchServe's sentence, then the reason."""

import pytest

from integration.server import pack

pytestmark = pytest.mark.integration

HANDLE = "\ndef handle(data, context):\n    {}\n"


@pytest.mark.parametrize(
    ("code", "fields", "config", "status", "reason"),
    [
        ("import nosuchmodule\n", {}, "", 500, "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("def handle(:\n", {}, "", 500, "SyntaxError: invalid syntax (service.py, line 1)"),
        ("x = 1\n", {"handler": "absent.py"}, "", 500, "InvalidModel: handler 'absent.py': there is no absent.py in "),
        ("x = 1\n", {}, "", 500, "InvalidModel: handler 'service.py': Expected only one class in custom service code"),
        (HANDLE.format("raise OSError(2, 'No such file', 'w.pt')"), {}, "", 500, "FileNotFoundError: [Errno 2] No such"),
        (HANDLE.format("raise ValueError('a\\n\\nlast\\n')"), {}, "", 500, "last"),
        (HANDLE.format("raise RuntimeError"), {}, "", 500, "RuntimeError"),
        (HANDLE.format("raise BaseException('a panic of Rust is none of Exception')"), {}, "", 500, "BaseException: a panic"),
        ("import sys\nsys.exit('no GPU')\n", {}, "", 500, "SystemExit: no GPU"),
        (HANDLE.format("raise ValueError('\\x1b[2J\\x00')"), {}, "", 500, "ValueError: \\x1b[2J\\x00"),
        (HANDLE.format("import time; time.sleep(600)"), {}, "startupTimeout: 1\n", 500, "did not load within 1 s"),
        (HANDLE.format("import os; os.kill(os.getpid(), 9)"), {}, "", 507, "killed by SIGKILL"),
        (HANDLE.format("import os; os.kill(os.getpid(), 11)"), {}, "", 500, "killed by SIGSEGV"),
        (HANDLE.format("import os; os._exit(3)"), {}, "", 500, "exited with status 3"),
        (HANDLE.format("raise MemoryError('for 9 GB')"), {}, "", 507, "MemoryError: for 9 GB"),
        (
            "class Odd(Exception):\n    def __str__(self):\n        return self.nothing\n" + HANDLE.format("raise Odd"),
            {}, "", 500, "Odd: Odd (which cannot be shown: AttributeError)",
        ),
    ],
)  # fmt: skip
def test_the_reason_is_said(server, code, fields, config, status, reason):
    """Whatever it is; and of a scaling as of a registration."""
    archive = pack(server.store / "why.mar", "why", code, config="minWorkers: 1\nmaxWorkers: 1\n" + config, **fields)
    answer = server.register(archive)
    said = answer.json()
    assert (answer.status_code, said["type"]) == (status, "InternalServerException")
    assert said["message"].startswith(f"Failed to start workers for model why version: 1.0: {reason}")
    assert "\n" not in said["message"]
    assert server.manage("GET", "/models/why").status_code == 404


@pytest.mark.parametrize(
    ("data", "found"), [(b"junk", "Found no zip file: why.mar begins with b'junk'"), (b"", "an empty file")]
)
def test_what_is_no_archive(server, data, found):
    """Is taken where name and handler are given, as by TorchServe, since the handler may be installed; else it says so."""
    (server.store / "why.mar").write_bytes(data)
    assert server.register("why.mar", model_name="why", handler="base_handler", initial_workers=0).status_code == 200
    assert server.manage("DELETE", "/models/why").status_code == 200
    said = server.register("why.mar", model_name="why", handler="h.py").json()["message"]
    assert "InvalidModel: handler 'h.py': there is no h.py in " in said
    assert found in said
    assert "Expected MAR-INF/MANIFEST.json" in said
