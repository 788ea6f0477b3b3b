"""`ts.torch_handler.text_classifier`: a text → its classes and their probabilities. Batches hold one request."""

import torch

from ts.handler_utils.timer import timed
from ts.torch_handler.text_handler import TextHandler
from ts.utils.util import map_class_to_label

UNKNOWN = "<unk>"


class TextClassifier(TextHandler):
    """For models called as `model(tokens, offsets)`, like an EmbeddingBag, that give logits [1, classes]."""

    ngrams = 2

    @timed
    def preprocess(self, data):
        """The first row's text, cleaned → (tensor of token numbers, the cleaned text).

        Raises:
            ValueError: there is no text.
        """
        text = data[0].get("data")
        if text is None:
            text = data[0].get("body")
        if isinstance(text, (bytes, bytearray)):
            text = text.decode("utf-8")
        if not isinstance(text, str):
            raise ValueError(f"a text must come in the field data or body, not {type(text).__name__}")
        text = self._expand_contractions(self._remove_html_tags(text).lower())
        text = self._remove_punctuation(self._remove_accented_characters(text))
        numbers = [self._number(token) for token in _ngrams(self._tokenize(text), self.ngrams)]
        known = [number for number in numbers if number is not None]
        return torch.as_tensor(known, dtype=torch.long, device=self.device), text

    def _number(self, token):
        """A token's number, that of `<unk>` for one the vocabulary lacks, None where it has no `<unk>`."""
        for name in (token, UNKNOWN):
            if name in self.source_vocab:
                return self.source_vocab[name]
        return None

    @timed
    def inference(self, data, *args, **kwargs):
        """Token numbers → logits [1, classes]."""
        tokens, _ = data
        with torch.inference_mode():
            return self.model(tokens, torch.zeros(1, dtype=torch.long, device=self.device), *args, **kwargs)

    @timed
    def postprocess(self, data):
        """Logits → [{label: probability}]."""
        return map_class_to_label(torch.nn.functional.softmax(data, dim=1).tolist(), self.mapping)


def _ngrams(tokens, longest):
    """The tokens, then their runs of 2 up to `longest`, joined by blanks."""
    for length in range(1, longest + 1):
        for start in range(len(tokens) - length + 1):
            yield " ".join(tokens[start : start + length])
