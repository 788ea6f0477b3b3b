"""`ts.torch_handler.text_classifier`: a text → its classes and their probabilities. Batches hold one request."""

import torch

from ts.handler_utils.text_utils import ngrams_iterator
from ts.handler_utils.timer import timed
from ts.torch_handler.payloads import payload_of
from ts.torch_handler.text_handler import TextHandler, softmax
from ts.utils.util import map_class_to_label


class TextClassifier(TextHandler):
    """For models called as `model(tokens, offsets)`, like an EmbeddingBag, that give logits [1, classes]."""

    ngrams = 2

    @timed
    def preprocess(self, data):
        """The first row's text, cleaned → (tensor of the numbers of its tokens and pairs of them, its tokens).

        Raises:
            ValueError: there is no text.
            KeyError: a token that the vocabulary lacks, where it has no number for unknown ones.
        """
        text = payload_of(data[0])
        if isinstance(text, (bytes, bytearray)):
            text = text.decode("utf-8")
        if not isinstance(text, str):
            raise ValueError(f"a text must come in the field data or body, not {type(text).__name__}")
        text = self._expand_contractions(self._remove_html_tags(text).lower())
        tokens = self._tokenize(self._remove_punctuation(self._remove_accented_characters(text)))
        numbers = [self._number(token) for token in ngrams_iterator(tokens, self.ngrams)]
        return torch.as_tensor(numbers, device=self.device), tokens

    def _number(self, token):
        # The vocabulary says itself what it has for a token that it lacks: torchtext's default index, a defaultdict's.
        try:
            return self.source_vocab[token]
        except KeyError as error:
            raise KeyError(
                f"the vocabulary lacks {token!r} and has no number for unknown tokens; a collections.defaultdict would"
            ) from error

    @timed
    def inference(self, data, *args, **kwargs):
        """Token numbers → logits [1, classes]."""
        tokens, _ = data
        return super().inference(tokens, torch.as_tensor([0], device=self.device))

    @timed
    def postprocess(self, data):
        """Logits → [{label: probability}]."""
        return map_class_to_label(softmax(data).tolist(), self.mapping)

    def get_insights(self, tensor_data, raw_data, target=0):
        """How much each value of the embedding adds to class `target`, and the tokens: importances and words."""
        numbers, tokens = tensor_data
        attributions = self.lig.attribute(
            numbers,
            torch.zeros_like(numbers),
            additional_forward_args=torch.tensor([0], device=self.device),
            target=target,
        )
        importances = self.summarize_attributions(attributions)
        return [{"importances": importances.tolist(), "words": self.get_word_token(tokens)}]
