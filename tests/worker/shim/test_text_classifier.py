"""The text classifier: cleaning, vocabulary, and torch's own answer."""

import pytest
import torch

VOCABULARY = {"<unk>": 0, "do": 1, "not": 2, "panic": 3, "do not": 4, "not panic": 5, "cafe": 6}


class Bag(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.embedding = torch.nn.EmbeddingBag(len(VOCABULARY), 4)
        self.out = torch.nn.Linear(4, 2)

    def forward(self, tokens, offsets):
        return self.out(self.embedding(tokens, offsets))


@pytest.fixture
def packed(model):
    torch.jit.script(Bag().eval()).save(str(model.directory / "model.pt"))
    model.manifest["model"]["serializedFile"] = "model.pt"
    model.write_json("index_to_name.json", {"0": "calm", "1": "loud"})
    return model


def test_a_text_is_cleaned_counted_and_classified(packed):
    """Tags, accents, contractions and marks go; words and pairs of words are looked up."""
    torch.save(VOCABULARY, packed.directory / "source_vocab.pt")
    handler, context = packed.load(handler="text_classifier")
    (answer,) = handler.entry([{"body": bytearray("<b>Don't</b> panic, café!".encode())}], context)
    tokens = torch.tensor([1, 2, 3, 6, 4, 5, 0])
    shares = torch.softmax(Bag().eval()(tokens, torch.tensor([0])), dim=1)[0].tolist()
    assert answer == pytest.approx({"calm": shares[0], "loud": shares[1]})


def test_a_text_handler_needs_its_vocabulary(packed):
    """The message says which file to pack and how."""
    with pytest.raises(RuntimeError, match=r"source_vocab\.pt: pack it with --extra-files"):
        packed.load(handler="text_classifier")


def test_what_is_no_text_is_named(packed):
    """A body of JSON, say."""
    torch.save(VOCABULARY, packed.directory / "source_vocab.pt")
    handler, context = packed.load(handler="text_classifier")
    with pytest.raises(ValueError, match="not dict"):
        handler.entry([{"body": {"a": 1}}], context)
