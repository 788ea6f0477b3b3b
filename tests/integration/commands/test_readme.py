"""The README's first server, pasted as it stands, in a shell and a folder with nothing but the environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration.server import addresses, own_ports, properties

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "README.md").read_text("utf-8").partition("\n## A first server\n")[2].partition("\n## ")[0]
PASTED = [block.replace("\n    ", "\n").strip() for block in re.findall(r"(?:\n    .+)+", SECTION)]

pytestmark = pytest.mark.integration


@pytest.fixture
def shell(tmp_path):
    """Runs lines in a folder like a checkout after `make demo`. Other ports than the README's: tests run side by side."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "temp").mkdir()
    free = own_ports()
    ports = dict(zip((8080, 8081, 8082), free.values(), strict=True))
    config = tmp_path / "config.properties"
    config.write_text(properties(addresses(free)))
    places = {"TS_CONFIG_FILE": str(config), "TEMP": str(tmp_path / "temp"), "TMPDIR": str(tmp_path)}

    def run(text):
        for port, other in ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{other}")
        return subprocess.run(
            ["sh", "-e"], input=text, cwd=tmp_path, env=os.environ | places, capture_output=True, text=True, check=False
        )

    yield run
    run(f"{sys.executable} -m servescope.cli.main stop --timeout 10")


def test_the_first_server_answers(shell):
    """Five lines; the fifth is answered by the handler. The lines below show it, its request on /metrics, and end it."""
    first, rest = PASTED
    assert len(first.splitlines()) == 5
    done = shell(f"{first}\n{rest}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hello, world" in done.stdout
    assert re.search(r"^ hello +1\.0 ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(
        r'^servescope_requests_total\{model_name="hello",model_version="1\.0",.*code="200",?\} 1',
        done.stdout,
        re.MULTILINE,
    )
    assert "Servescope has stopped" in done.stdout
