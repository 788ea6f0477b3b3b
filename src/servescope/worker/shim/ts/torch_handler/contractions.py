"""`ts.torch_handler.contractions`: English contractions and what they stand for. Used by `text_handler`.

Models were trained on what TorchServe makes of a text, so the map is its own to the last entry, with what is odd in it.
"""

_ENDINGS = {
    "'d": "would",
    "'d've": "would have",
    "'ll": "will",
    "'ll've": "will have",
    "'m": "am",
    "n't": "not",
    "n't've": "not have",
    "'re": "are",
    "'s": "is",
    "'ve": "have",
}
# Words → the endings that are known with them.
_KNOWN = {
    "are did do does had has have is may might must need ought should was were would could": "n't",
    "had might must need ought should would could": "n't've",
    "he it she that there they we you I i": "'d 'd've",
    "he it she they we you I i what who": "'ll 'll've",
    "how": "'ll",
    "I i": "'m",
    "they we you what": "'re",
    "he it she that there what when where who why how": "'s",
    "could might must should would so to will when where who why what they we you I i": "'ve",
}
CONTRACTION_MAP = {
    f"{word}{ending}": f"{word} {_ENDINGS[ending]}"
    for words, endings in _KNOWN.items()
    for word in words.split()
    for ending in endings.split()
} | {
    "ain't": "is not",
    "can't": "cannot",
    "can't've": "cannot have",
    "'cause": "because",
    "he'll've": "he he will have",
    "how'd": "how did",
    "how'd'y": "how do you",
    "let's": "let us",
    "ma'am": "madam",
    "o'clock": "of the clock",
    "shan't": "shall not",
    "sha'n't": "shall not",
    "shan't've": "shall not have",
    "so's": "so as",
    "where'd": "where did",
    "won't": "will not",
    "won't've": "will not have",
    "y'all": "you all",
    "y'all'd": "you all would",
    "y'all'd've": "you all would have",
    "y'all're": "you all are",
    "y'all've": "you all have",
}
