"""`ts.torch_handler.contractions`: English contractions and what they stand for. Used by `text_handler`."""

_NOT = "are could did does do had has have is might must need should was were would"
_PRONOUNS = "i you he she it we they who what that there"
_ENDINGS = {"'ll": "will", "'ve": "have", "'d": "would"}

CONTRACTION_MAP = {
    "can't": "cannot",
    "won't": "will not",
    "shan't": "shall not",
    "ain't": "is not",
    "i'm": "i am",
    "let's": "let us",
    "y'all": "you all",
    "o'clock": "of the clock",
    "'cause": "because",
    **{f"{verb}n't": f"{verb} not" for verb in _NOT.split()},
    **{f"{who}{short}": f"{who} {long}" for who in _PRONOUNS.split() for short, long in _ENDINGS.items()},
    **{f"{who}'re": f"{who} are" for who in ("you", "we", "they")},
    **{f"{who}'s": f"{who} is" for who in ("he", "she", "it", "who", "what", "that", "there", "where", "how", "here")},
}
