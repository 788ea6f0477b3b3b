"""Handlers in every form that `servescope archive` packs: packages, folders, named classes, modules by dots."""

import subprocess
import sys

import httpx
import pytest

pytestmark = pytest.mark.integration

FILES = {
    "pkg/util.py": "ANSWER = 'from the package'",
    "pkg/deep/h.py": (
        "from ..util import ANSWER\n\nclass Base:\n    def handle(self, data, context): return ['base'] * len(data)\n\n"
        "class Last(Base):\n    def initialize(self, context): self.answer = ANSWER\n"
        "    def handle(self, data, context): return [self.answer] * len(data)\n"
    ),
    "flat/util.py": "ANSWER = 'from beside'",
    "flat/h.py": "from .util import ANSWER\n\ndef handle(data, context): return data and [ANSWER] * len(data)\n",
}


@pytest.mark.parametrize(
    ("name", "words", "answer"),
    [
        ("dots", ["--handler", "pkg.deep.h"], "from the package"),
        ("named", ["--handler", "pkg.deep.h:Base"], "base"),
        ("kept", ["--handler", "pkg/deep/h.py:Last", "--extra-files", "pkg", "--keep-folders"], "from the package"),
        ("flattened", ["--handler", "flat/h.py", "--extra-files", "flat"], "from beside"),
    ],
)
def test_what_is_packed_is_served(server, tmp_path, name, words, answer):
    """From the command line to the answer."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    archive = [sys.executable, "-c", "from servescope.cli.main import main; main()", "archive"]
    options = ["--model-name", name, "--version", "1.0", "--export-path", str(server.store), *words]
    subprocess.run([*archive, *options], cwd=tmp_path, check=True, capture_output=True)
    registered = server.register(f"{name}.mar")
    assert registered.status_code == 200, registered.text + server.console()
    try:
        assert server.http.get(server.url("inference", f"/predictions/{name}")).text == answer
    finally:
        server.manage("DELETE", f"/models/{name}")


SHOWN = """
class Shown:
    def handle(self, data, context):
        header = context.get_all_request_header(0)
        return [{"rows": data, "headers": dict(header), "version": context.system_properties["server_version"]}]
"""


def test_a_describe_request_is_torchserves(server, deploy):
    """As recorded off TorchServe 0.12.0: an empty row, the headers of whoever asks, `describe`, a length, and nothing else."""
    model = deploy(SHOWN)
    own = {"accept": "*/*", "user-agent": "me", "host": "localhost:8081", "x-foo": "bar", "describe": "False"}
    with httpx.Client() as plain:
        plain.headers.clear()
        answer = plain.get(server.url("management", f"/models/{model.name}?customized=true"), headers=own)
    said = answer.json()[0]["customizedMetadata"]
    assert said["rows"] == [{}]
    assert said["headers"] == {**own, "describe": "True", "content-length": "0"}
    assert said["version"] == "0.12.0"
