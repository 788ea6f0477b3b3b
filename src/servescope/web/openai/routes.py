"""A path of the inference port → what OpenAI's API has there. Pure; called by `inference` for paths that no model has.

Such a path means nothing to TorchServe: a model named v1 keeps its own, and KServe's `/v1/models/{model}:predict` comes first.
"""

from collections.abc import Mapping

from msgspec import Struct, field

_CARD = "/v1/models/"


class OpenAiPath(Struct, frozen=True):
    """`template`: as the metrics show it. `extra`: headers for the handler of a path that asks a model, none for the others.

    `model`: the name whose card is asked for. None: not a card's path.
    """

    template: str
    extra: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None

    @property
    def asks(self) -> bool:
        """Whether it goes to a model, and not to the list of them."""
        return bool(self.extra)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it has."""
        return ("POST",) if self.asks else ("GET", "HEAD")


def _asking(url_path: str) -> OpenAiPath:
    """The handler gets the same headers as from `/predictions/{model_name}/{version}/{url_path}`."""
    return OpenAiPath(f"/{url_path}", {"explain": "False", "url_path": url_path})


_PATHS = {
    path.template: path
    for path in (
        _asking("v1/completions"),
        _asking("v1/chat/completions"),
        _asking("v1/embeddings"),
        OpenAiPath("/v1/models"),
    )
}


def parse_openai(path: str) -> OpenAiPath | None:
    """The meaning of a decoded path; None: it is none of OpenAI's. A slash at the end means nothing.

    A model's name may have slashes, at its beginning too (a folder's name, say).
    """
    known = _PATHS.get(path) or _PATHS.get(path.rstrip("/"))
    if known is None and path.startswith(_CARD):
        return OpenAiPath(_CARD + "{model_name}", model=path.removeprefix(_CARD).rstrip("/"))
    return known
