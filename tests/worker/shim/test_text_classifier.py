"""The text classifier: its archive's files and what it refuses. What it answers is in test_recorded.py."""

import collections
import sys

import pytest
import torch

VOCABULARY = {"<unk>": 0, "do": 1, "not": 2, "panic": 3, "do not": 4, "not panic": 5, "cafe": 6}
BODY = [{"body": bytearray("<b>Don't</b> panic, café!".encode())}]


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


@pytest.mark.parametrize("named", [None, "words.pt"])
def test_a_text_is_cleaned_counted_and_classified(packed, named):
    """Tags, accents, contractions and marks go; words and pairs of words are looked up where the manifest says."""
    torch.save(collections.defaultdict(int, VOCABULARY), packed.directory / (named or "source_vocab.pt"))
    if named:
        packed.manifest["model"]["sourceVocab"] = named
    handler, context = packed.load(handler="text_classifier")
    (answer,) = handler.entry(BODY, context)
    tokens = torch.tensor([1, 2, 3, 6, 4, 5, 0])
    shares = torch.softmax(Bag().eval()(tokens, torch.tensor([0])), dim=1)[0].tolist()
    assert answer == pytest.approx({"calm": shares[0], "loud": shares[1]})


def test_a_token_without_a_number_is_named(packed):
    """Of a plain dict's `<unk>` TorchServe knows nothing: guessing a number would predict otherwise."""
    torch.save(VOCABULARY, packed.directory / "source_vocab.pt")
    handler, context = packed.load(handler="text_classifier")
    with pytest.raises(KeyError, match=r"lacks 'panic cafe'.*defaultdict"):
        handler.entry(BODY, context)


def test_what_handlers_of_old_call_is_there(packed):
    """The misspelt method, the tokenizer that a subclass may replace, and the steps by themselves."""
    from ts.torch_handler.text_classifier import TextClassifier

    handler = TextClassifier()
    assert handler._remove_puncutation("U.S., e-mail") == "US email"
    assert handler._expand_contractions("Don't SHAN'T rock'n'roll") == "Do not Shall not rocknroll"
    handler.tokenizer = list
    assert handler._tokenize("ab") == ["a", "b"]
    assert handler.get_word_token(["Ġa", "b"]) == ["a", "b"]


def test_an_explanation_without_captum_says_so(packed, monkeypatch):
    """To the client, and not when the model is loaded."""
    from ts.utils.util import PredictionException

    torch.save(collections.defaultdict(int, VOCABULARY), packed.directory / "source_vocab.pt")
    handler, _ = packed.load(handler="text_classifier")
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.delitem(sys.modules, "captum.attr", raising=False)
    with pytest.raises(PredictionException, match="needs the package captum") as caught:
        handler.entry(BODY, packed.context([{"explain": "True"}]))
    assert caught.value.error_code == 501


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
