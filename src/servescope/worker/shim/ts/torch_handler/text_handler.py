"""`ts.torch_handler.text_handler`: what the text handlers share: a vocabulary and the cleaning of sentences.

Each step gives what TorchServe's gives, letter by letter: a model knows no other words than those it was trained on.
"""

import functools
import os
import re
import string
import unicodedata

import torch

from ts.handler_utils.text_utils import get_tokenizer
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.contractions import CONTRACTION_MAP
from ts.torch_handler.explaining import captum_attr
from ts.utils.util import CLEANUP_REGEX

# The shorter form comes first, as in TorchServe: of "couldn't've" only "couldn't" is expanded. Nor do they begin or
# end at a word's.
CONTRACTIONS_PATTERN = re.compile(
    "|".join(re.escape(short) for short in sorted(CONTRACTION_MAP, key=len)), re.IGNORECASE
)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


class TextHandler(BaseHandler):
    """Loads `source_vocab.pt` (token → number) from the archive beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.source_vocab = None
        self.tokenizer = get_tokenizer("basic_english")
        self.input_text = None

    def initialize(self, context) -> None:
        """Load the model, then the vocabulary.

        Raises:
            RuntimeError: the archive has no source_vocab.pt.
        """
        super().initialize(context)
        # A vocabulary is often an object of its maker's class; the archive's code runs here anyway.
        self.source_vocab = torch.load(self.get_source_vocab_path(context), map_location="cpu", weights_only=False)

    def get_source_vocab_path(self, ctx):
        """Where the vocabulary lies: the manifest's `sourceVocab`, as old archives have it, else source_vocab.pt."""
        named = ctx.manifest.get("model", {}).get("sourceVocab", "source_vocab.pt")
        path = os.path.join(ctx.system_properties.get("model_dir"), named)
        if not os.path.isfile(path):
            raise RuntimeError(f"Missing the source_vocab file {path}: pack it with --extra-files source_vocab.pt")
        return path

    @functools.cached_property
    def lig(self):
        """Integrated gradients by captum, over the model's layer `embedding`; made when a prediction is first explained."""
        return captum_attr().LayerIntegratedGradients(self.model, self.model.embedding)

    def _expand_contractions(self, text):
        """Short forms become long (don't → do not), keep their first letter, and apostrophes go."""
        return CONTRACTIONS_PATTERN.sub(_expanded, text).replace("'", "")

    def _remove_accented_characters(self, text):
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")

    def _remove_html_tags(self, text):
        """Tags and entities go without a trace."""
        return CLEANUP_REGEX.sub("", text)

    def _remove_punctuation(self, text):
        """Marks go, and leave no blank: U.S. → US."""
        return text.translate(_PUNCTUATION)

    def _remove_puncutation(self, *args, **kwargs):
        """The name by which handlers of old call it."""
        return self._remove_punctuation(*args, **kwargs)

    def _tokenize(self, text):
        return self.tokenizer(text)

    def get_word_token(self, input_tokens):
        """The tokens without the mark that byte-pair tokenizers put for a blank."""
        return [token.replace("Ġ", "") for token in input_tokens]

    def summarize_attributions(self, attributions):
        """Each share of the attributions, over the norm of their sums."""
        shares = softmax(attributions)
        return shares / torch.linalg.vector_norm(shares.sum(dim=-1))


def softmax(tensor):
    """Over the dimension that torch takes where none is named, which TorchServe leaves to it."""
    return torch.nn.functional.softmax(tensor, dim=0 if tensor.ndim in (0, 1, 3) else 1)


def _expanded(found):
    short = found.group()
    return short[0] + CONTRACTION_MAP[short.casefold()][1:]
