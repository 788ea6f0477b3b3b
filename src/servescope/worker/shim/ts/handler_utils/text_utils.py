"""`ts.handler_utils.text_utils`: torchtext's plain English tokens and runs of them, which text models were trained on.

Used by the text handlers; archives import it too.
"""

# In the order in which torchtext replaces: what removing a quotation mark brings together may be a `<br />`.
_FIRST = str.maketrans({"'": " ' ", '"': None, ".": " . "})
_THEN = str.maketrans({mark: f" {mark} " for mark in ",()!?"} | dict.fromkeys(";:", " "))


def ngrams_iterator(token_list, ngrams):
    """The tokens, then their runs of 2 up to `ngrams`, joined by blanks."""
    yield from token_list
    for length in range(2, ngrams + 1):
        for start in range(len(token_list) - length + 1):
            yield " ".join(token_list[start : start + length])


def get_tokenizer(tokenizer, language="en"):
    """A function from a text to its tokens: for None by blanks, for `basic_english` in lower case with marks apart.

    A function is given back as it is.

    Raises:
        ValueError: another name, or another language.
    """
    if tokenizer is None:
        return str.split
    if callable(tokenizer):
        return tokenizer
    if tokenizer != "basic_english" or language != "en":
        raise ValueError(f"tokenizer {tokenizer!r} for language {language!r}: only 'basic_english' for 'en', or None")
    return _basic_english


def _basic_english(line):
    return line.lower().translate(_FIRST).replace("<br />", " ").translate(_THEN).split()
