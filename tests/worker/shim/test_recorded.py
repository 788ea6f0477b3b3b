"""The default handlers answer what TorchServe's own answered to the same models and inputs: `torchserve/` has them."""

import collections
import json
from pathlib import Path

import pytest
import torch
from PIL import UnidentifiedImageError

from worker.shim import torchserve
from worker.shim.torchserve.cases import SUITES

ANSWERS = json.loads((Path(torchserve.__file__).parent / "answers.json").read_text("utf-8"))
CASES = [
    pytest.param(suite, case, recorded[name], id=f"{suite.handler}-{name}")
    for suite, recorded in zip(SUITES, ANSWERS, strict=True)
    for name, case in suite.cases.items()
]
# Where TorchServe fails, and an answer is no other than the one that is asked for. docs/migration.md has a row for each.
ANSWERED = {
    ("image_classifier", "120x130 L"),
    ("image_classifier", "64x50 1"),
    ("image_classifier", "130x120 RGBA"),
    ("image_classifier", "64x64 P"),
    ("image_classifier", "30x40 LA"),
    ("image_classifier", "20x30 I;16"),
    ("object_detector", "a batch of two sizes"),
    ("text_classifier", "explained, one word"),
}
ANSWERED |= {("image_segmenter", name) for handler, name in ANSWERED if handler == "image_classifier"}

ERRORS = {kind.__name__: kind for kind in (KeyError, RuntimeError, UnidentifiedImageError)}


def load(model, suite):
    """The handler on a directory as `torchserve/record.py` makes it, and the class that it has."""
    name = model.write("network.py", suite.model)
    scope = {}
    exec(suite.model, scope)
    torch.save(scope["Net"]().state_dict(), model.directory / "model.pt")
    if suite.labels is not None:
        model.write_json("index_to_name.json", suite.labels)
    if suite.vocabulary is not None:
        torch.save(suite.vocabulary, model.directory / "source_vocab.pt")
    model.manifest["model"] |= {"modelFile": name, "serializedFile": "model.pt"}
    handler, _ = model.load(handler=suite.handler)
    assert type(handler.entry.__self__).__name__ == suite.kind
    return handler.entry


def plain(value):
    """As JSON has it."""
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def assert_alike(ours, theirs):
    """The same, in the same order; numbers to five digits."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if not isinstance(theirs, list):
        assert ours == (pytest.approx(theirs, rel=1e-4, abs=1e-6) if isinstance(theirs, float) else theirs)
        return
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert_alike(one, other)


@pytest.mark.parametrize(("suite", "case", "recorded"), CASES)
def test_as_torchserve(model, suite, case, recorded, request):
    """Answers, their order and their numbers; what TorchServe fails at fails here, but for what is listed."""
    entry = load(model, suite)
    name = request.node.callspec.id.partition("-")[2]
    context = model.context([case.headers for _ in case.rows])
    if "error" in recorded and (suite.handler, name) not in ANSWERED:
        with pytest.raises(ERRORS[recorded["error"]]):
            entry(case.rows, context)
        return
    answer = plain(entry(case.rows, context))
    if "error" in recorded:
        assert len(answer) == len(case.rows)
        return
    assert_alike(answer, recorded["answer"])
    if "preprocessed" in recorded:
        assert_alike(plain(entry.__self__.preprocess(case.rows)), recorded["preprocessed"])


def test_nothing_is_listed_that_torchserve_answers():
    """The list of what it fails at has no entry too many, and every handler was given ten inputs."""
    failed = {
        (suite.handler, name)
        for suite, recorded in zip(SUITES, ANSWERS, strict=True)
        for name, answer in recorded.items()
        if "error" in answer
    }
    assert failed >= ANSWERED
    inputs = collections.Counter()
    for suite in SUITES:
        inputs[suite.handler] += len(suite.cases)
    assert min(inputs.values()) >= 10
