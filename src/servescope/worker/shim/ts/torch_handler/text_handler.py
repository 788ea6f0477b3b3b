"""`ts.torch_handler.text_handler`: what the text handlers share: a vocabulary and the cleaning of sentences."""

import os
import re
import unicodedata

import torch

from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.contractions import CONTRACTION_MAP

_CONTRACTIONS = re.compile(r"\b(" + "|".join(map(re.escape, CONTRACTION_MAP)) + r")\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_PUNCTUATION = re.compile(r"[^\w\s]")


class TextHandler(BaseHandler):
    """Loads `source_vocab.pt` (token → number) from the archive beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.source_vocab = None

    def initialize(self, context) -> None:
        """Load the vocabulary, then the model.

        Raises:
            RuntimeError: the archive has no source_vocab.pt.
        """
        path = self.get_source_vocab_path(context)
        if not os.path.isfile(path):
            raise RuntimeError(f"Missing the source_vocab file {path}: pack it with --extra-files source_vocab.pt")
        # A vocabulary is often an object of its maker's class; the archive's code runs here anyway.
        self.source_vocab = torch.load(path, map_location="cpu", weights_only=False)
        super().initialize(context)

    def get_source_vocab_path(self, context):
        """Where the vocabulary lies."""
        return os.path.join(context.system_properties.get("model_dir"), "source_vocab.pt")

    def _expand_contractions(self, text):
        """Short forms become long: don't → do not."""
        return _CONTRACTIONS.sub(lambda found: CONTRACTION_MAP[found.group().lower()], text)

    def _remove_accented_characters(self, text):
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")

    def _remove_html_tags(self, text):
        return _TAG.sub("", text)

    def _remove_punctuation(self, text):
        return _PUNCTUATION.sub(" ", text)

    def _tokenize(self, text):
        return text.lower().split()

    def get_word_token(self, input_tokens):
        """Numbers → the vocabulary's tokens."""
        names = getattr(self.source_vocab, "get_itos", None)
        names = names() if names is not None else {number: token for token, number in self.source_vocab.items()}
        return [names[int(number)] for number in input_tokens]
