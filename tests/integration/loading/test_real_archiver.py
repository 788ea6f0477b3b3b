"""Archives that the real torch-model-archiver (PyPI, 0.12.0) made, against torch in this very process."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from integration.deployed import Deployed

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")]

NETWORK = '''
import torch


class Network(torch.nn.Module):
    """Two layers and what lies between."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(6, 16)
        self.second = torch.nn.Linear(16, 4)

    def forward(self, x):
        return torch.softmax(self.second(torch.tanh(self.first(x))), dim=1)
'''

HANDLER = '''
import torch
from ts.torch_handler.base_handler import BaseHandler


class Rows(BaseHandler):
    """A JSON list of numbers in; a tensor, or by the mapping a dict, out."""

    def initialize(self, context):
        super().initialize(context)
        self.scale = context.model_yaml_config["handler"]["scale"]

    def preprocess(self, data):
        return torch.tensor([row.get("body") for row in data]) * self.scale

    def postprocess(self, output):
        if self.context.get_request_header(0, "x-as") == "tensor":
            return list(output)
        best = output.argmax(dim=1).tolist()
        return [{self.mapping[str(place)]: row[place].item()} for place, row in zip(best, output)]
'''

CONFIG = "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 3\nmaxBatchDelay: 30\nhandler:\n  scale: 0.5\n"
LABELS = '{"0": "north", "1": "east", "2": "south", "3": "west"}'


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The files to pack, and the network that they hold."""
    directory = tmp_path_factory.mktemp("workshop")
    for name, text in {
        "network.py": NETWORK,
        "rows.py": HANDLER,
        "model-config.yaml": CONFIG,
        "index_to_name.json": LABELS,
    }.items():
        (directory / name).write_text(text)
    made = {}
    exec(compile(NETWORK, "network.py", "exec"), made)
    torch.manual_seed(20)
    network = made["Network"]().eval()
    torch.save(network.state_dict(), directory / "eager.pt")
    torch.jit.trace(network, torch.zeros(1, 6)).save(str(directory / "scripted.pt"))
    return directory, network


def archive(directory, store, name, *words):
    """Run the archiver."""
    subprocess.run(
        [
            str(Path(sys.executable).with_name("torch-model-archiver")),
            *("--model-name", name, "--version", "1.0", "--handler", "rows.py", "--export-path", str(store)),
            *("--extra-files", "index_to_name.json", "--config-file", "model-config.yaml", *words),
        ],
        cwd=directory,
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("scripted", "scripted.mar", ["--serialized-file", "scripted.pt"]),
        (
            "eager",
            "eager",
            ["--serialized-file", "eager.pt", "--model-file", "network.py", "--archive-format", "no-archive"],
        ),
    ],
)
def test_as_torch_itself(server, workshop, name, file, words):
    """A TorchScript model in a .mar, and an eager one in a directory: to the bit what torch says here."""
    directory, network = workshop
    archive(directory, server.store, name, *words)
    answer = server.register(file)
    assert answer.status_code == 200, answer.text + server.console()
    try:
        model = Deployed(server, name)
        rows = torch.randn(3, 6, generator=torch.Generator().manual_seed(3)).tolist()
        with torch.inference_mode():
            expected = [network(torch.tensor([row]) * 0.5)[0] for row in rows]

        def ask(row, **headers):
            return model.predict(str(row), content_type="application/json", **headers)

        for row, output in zip(rows, expected, strict=True):
            assert torch.equal(torch.load(io.BytesIO(ask(row, x_as="tensor").content)), output)
        # In a batch of unknown order, where the last bit depends on the place in it.
        answers = [server.threads.submit(ask, row) for row in rows]
        labels = ["north", "east", "south", "west"]
        for answer, output in zip(answers, expected, strict=True):
            assert answer.result().json() == {labels[output.argmax()]: pytest.approx(output.max().item(), rel=1e-5)}
        assert server.metrics("HandlerTime", ModelName=name) > 0
        assert server.metrics("PredictionTime", ModelName=name) > 0
    finally:
        server.manage("DELETE", f"/models/{name}")
