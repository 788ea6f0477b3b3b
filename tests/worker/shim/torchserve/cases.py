"""Models and inputs that `record.py` gives to TorchServe's handlers, and the tests to ours. Imports neither.

All numbers come by formulas, so that every version of torch and Pillow has the same.
"""

import base64
import collections
import io
from dataclasses import dataclass, field

import numpy
import torch
from PIL import Image

MODEL = """
import torch


def filled(module):
    with torch.no_grad():
        for place, weights in enumerate(module.parameters()):
            weights.copy_(torch.sin(torch.arange(weights.numel()) * 0.37 + place).view_as(weights) * 0.5)
    return module


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
{made}
        filled(self)

    def forward(self, {arguments}):
{answer}
"""


def model(made, arguments, answer):
    """The source of a file with one network."""
    return MODEL.format(
        made="\n".join(" " * 8 + line for line in made),
        arguments=arguments,
        answer="\n".join(" " * 8 + line for line in answer),
    )


CLASSIFIER = model(
    ["self.conv = torch.nn.Conv2d(3, 7, 4, stride=4)"], "x", ["return torch.tanh(self.conv(x)).mean(dim=(2, 3)) * 3"]
)
SEGMENTER = model(["self.conv = torch.nn.Conv2d(3, 4, 56, stride=56)"], "x", ["return {'out': self.conv(x) * 0.05}"])
DETECTOR = model(
    [],
    "pictures",
    [
        "found = []",
        "for one in pictures:",
        "    channels, height, width = one.shape",
        "    whole = torch.tensor([0.0, 0.0, float(width), float(height)])",
        "    boxes = torch.stack([whole, whole / 2, whole / channels])",
        "    scores = torch.stack([one.mean(), one.amax(), one.sum() / (height * width * 2)])",
        "    found.append({'boxes': boxes, 'labels': torch.tensor([1, 2, 3]), 'scores': scores})",
        "return found",
    ],
)
TEXTS = model(
    ["self.embedding = torch.nn.EmbeddingBag(64, 4)", "self.out = torch.nn.Linear(4, 3)"],
    "tokens, offsets",
    ["return self.out(torch.tanh(self.embedding(tokens, offsets)))"],
)
LINEAR = model(["self.layer = torch.nn.Linear(3, 2)"], "x", ["return torch.relu(self.layer(x.float()))"])

WORDS = """
the us company companys email said wall st fell 35 do not panic only a test it is can cannot will would have cafe
naive resume 10 because of clock she he all you hi now ok yes no x line one three two rock fine
"""
PAIRS = ["wall st", "do not", "it is", "the us", "us companys", "st fell", "fell 35", "panic carry", "line one"]
VOCABULARY = {token: number + 1 for number, token in enumerate(WORDS.split() + PAIRS)}

SENTENCES = {
    "abbreviations": "The U.S. company's e-mail said Wall St. fell 3.5%",
    "an entity and tags": "Don't panic &amp; carry on: it's <b>only</b> a test!",
    "contractions in capitals": "CAN'T WON'T SHAN'T y'all'd've AIN'T couldn't've",
    "accents": "Café naïve résumé — 10€",
    "apostrophes": "rock'n'roll 'cause it's 5 o'clock she'd've he'll've captain't ma'am",
    "entities of all kinds": "&lt;br /&gt; x &AMP; &#39;quoted&#39; &#x2F; a<br />b &unfinished",
    "marks": 'say "hi"; (now) ok? yes, no. well...really',
    "an address": "U.S.A. vs. U.K. e.g. http://a.b/c?d=e&f=g;",
    "unknown words": "unknown words zyxxy everywhere",
    "lines": "line one\nline <two\n> three\ttabs  and   blanks",
    "compatibility letters": "ﬁne ½ ① ™ İstanbul ﬀ",
    "one word": "hi",
    "nothing": "",
    "a tag only": "<p>",
}


@dataclass(frozen=True)
class Case:
    """A batch for a handler: its rows, and the headers of each."""

    rows: list
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """A handler's module and class, what its archive holds, and the batches it is given, by a name for each."""

    handler: str
    kind: str
    model: str
    cases: dict
    labels: dict | None = None
    vocabulary: dict | None = None


def picture(width, height, mode="RGB"):
    """A picture as PNG bytes, of a pattern that scaling changes and every channel has its own of."""
    y, x, channel = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(4), indexing="ij")
    pixels = ((x * 3 + y * 5 + channel * 41 + (x * y) // 7) % 256).astype(numpy.uint8)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert("L") if mode == "I;16" else image).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def numbers(*shape):
    """Nested lists of numbers."""
    return numpy.cos(numpy.arange(numpy.prod(shape)) * 0.11).reshape(shape).round(4).tolist()


def saved(*shape):
    """What a client that saved a tensor sends."""
    buffer = io.BytesIO()
    torch.save(torch.tensor(numbers(*shape)), buffer)
    return buffer.getvalue()


PICTURES = {
    f"{width}x{height} {mode}": Case([{"body": bytearray(picture(width, height, mode))}])
    for width, height, mode in [
        (300, 400, "RGB"),
        (500, 260, "RGB"),
        (90, 80, "RGB"),
        (256, 256, "RGB"),
        (224, 224, "RGB"),
        (257, 301, "RGB"),
        (40, 333, "RGB"),
        (120, 130, "L"),
        (64, 50, "1"),
        (130, 120, "RGBA"),
        (64, 64, "P"),
        (30, 40, "LA"),
        (20, 30, "I;16"),
    ]
} | {
    "a batch of a field and base64": Case(
        [{"data": picture(70, 90)}, {"body": base64.b64encode(picture(70, 90)).decode()}]
    ),
    "a batch of two sizes": Case([{"data": picture(70, 90)}, {"data": picture(50, 60)}]),
    "no picture": Case([{"body": bytearray(b"no picture")}]),
}
EXPLAINED = {
    f"explained, class {target}": Case([{"data": numbers(3, 8, 8), "target": target}], {"explain": "True"})
    for target in (0, 3)
}
SHAPES = [(3,), (1, 3), (2, 3), (4, 3), (2, 2, 3), (3, 1, 3), (1, 1, 3), (5, 3), (2, 1, 2, 3)]
KINDS = {str(number): f"kind {number}" for number in range(7)}

SUITES = [
    Suite(
        "base_handler",
        "BaseHandler",
        LINEAR,
        {f"{size} rows": Case([[n + 0.5, -n, n * n / 2] for n in range(size)]) for size in range(1, 10)}
        | {"another width": Case([[1.0, 2.0]])},
    ),
    Suite(
        "image_classifier",
        "ImageClassifier",
        CLASSIFIER,
        PICTURES | EXPLAINED | {"numbers": Case([{"body": numbers(3, 8, 12)}])},
        labels=KINDS,
    ),
    Suite("image_segmenter", "ImageSegmenter", SEGMENTER, PICTURES),
    Suite("object_detector", "ObjectDetector", DETECTOR, PICTURES, labels={"1": "cat", "2": "dog", "3": "hat"}),
    Suite(
        "text_classifier",
        "TextClassifier",
        TEXTS,
        {name: Case([{"body": bytearray(text.encode())}]) for name, text in SENTENCES.items()}
        | {"text in a field": Case([{"data": "do not panic"}])}
        | {
            f"explained, {name}": Case([{"data": SENTENCES[name], "target": 2}], {"explain": "True"})
            for name in ("abbreviations", "one word", "marks")
        },
        labels={"0": "calm", "1": "loud", "2": "odd"},
        vocabulary=collections.defaultdict(int, VOCABULARY),
    ),
    Suite(
        "text_classifier",
        "TextClassifier",
        TEXTS,
        {
            "every token known": Case([{"body": "hi"}]),
            "a token that is not there": Case([{"body": "hi zyxxy"}]),
        },
        vocabulary=VOCABULARY,
    ),
    Suite(
        "densenet_handler",
        "DenseNetHandler",
        LINEAR,
        {f"saved {shape}": Case([{"body": bytearray(saved(*shape))}]) for shape in SHAPES}
        | {"in a field": Case([{"data": saved(3)}]), "another width": Case([{"body": saved(2)}])},
    ),
]
