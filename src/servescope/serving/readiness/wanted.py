"""What the server was asked to load at its start, and what has become of each: loading, served, or missing and why.

In: `server.service` asks, and says what could not be registered; `serving.lifecycle` says which models came and which went. Out:
`WantedModel`s, whose `missing` servescope_models_missing shows, and whoever asks whether the server is ready. Pure: it looks at
models, and changes none.
"""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from servescope.config.shown_url import shown_url, without_secrets
from servescope.config.values.load_list import LoadModel
from servescope.errors import Conflict, DownloadFailed, ModelNotFound, ServescopeError, UrlRefused, last_line
from servescope.serving.model import Model

_ENDINGS = (".tar.gz", ".tgz", ".mar", ".model", ".war", ".zip")


class Missing(NamedTuple):
    """Why a model is not served: one of `definitions.MISSING_REASONS`, and the last line of its error."""

    reason: str
    text: str


class WantedModel:
    """One model that the start was asked for. `name`: the one that was given, else its file's without the ending.

    `models`: the registered ones that stand for it, none before it is registered: its own, and what somebody registered by hand
    in its place. `refusal`: why it could not be registered at the start.
    """

    def __init__(self, asked: LoadModel) -> None:
        self.asked = asked
        self.name = asked.name or file_name(asked.url)
        self.models: list[Model] = []
        self.refusal: Missing | None = None

    @property
    def served(self) -> bool:
        """Whether a worker has loaded it once, or it was registered with no workers, as was asked."""
        return any(model.pool.loads.succeeded or not len(model.pool) for model in self.models)

    @property
    def missing(self) -> Missing | None:
        """Why it is not served. None where it is, or may yet be: its turn has not come, or its workers load for the first time."""
        if self.served:
            return None
        failures = [model.pool.loads.failure for model in self.models if model.pool.loads.failure]
        if failures:
            return Missing("load_failed", failures[-1])
        return None if self.models else self.refusal

    def likeness(self, model: Model) -> int:
        """How much a model that somebody registered by hand is what was asked for: not at all at 0, by its file alone at 1 (where
        no name was given), by its name at 2. A workflow's is nobody else's.
        """
        if model.workflow:
            return 0
        if self.name == model.name:
            return 2
        return int(self.asked.name is None and self.name == file_name(model.archive.url))


class WantedModels:
    """All of them, in the order in which they were asked for, but for those that somebody unregistered. `begun`: the start has."""

    def __init__(self) -> None:
        self.begun = False
        self._asked: list[WantedModel] = []

    def __iter__(self) -> Iterator[WantedModel]:
        return iter(tuple(self._asked))

    def ask(self, entries: Iterable[LoadModel]) -> list[WantedModel]:
        """The start begins; to be called before the first is loaded. What is asked for twice is wanted once."""
        self.begun = True
        self._asked = [WantedModel(entry) for entry in dict.fromkeys(entries)]
        return list(self._asked)

    def refused(self, wanted: WantedModel, error: Exception) -> None:
        """It could not be registered.

        Where another archive of its name was asked for too, and holds the same version, the two stand and fall together.
        """
        wanted.refusal = Missing(_reason(error), without_secrets(last_line(_text(error))))
        if isinstance(error, Conflict):
            wanted.models += [
                model
                for other in self._asked
                if other is not wanted and other.name == wanted.name
                for model in other.models
            ]

    def registered(self, model: Model, wanted: WantedModel | None) -> None:
        """A model is in the catalog. `wanted`: it was loaded for this one; None: by hand, which makes good what is not served."""
        if wanted is None:
            unserved = [one for one in self._asked if not one.served and one.likeness(model)]
            wanted = max(unserved, key=lambda one: one.likeness(model), default=None)
        if wanted is not None:
            wanted.models.append(model)

    def discarded(self, model: Model) -> None:
        """A registration failed after all; its caller was told."""
        for one in self._asked:
            one.models = [other for other in one.models if other is not model]

    def unregistered(self, model: Model) -> None:
        """Somebody took a model away: what nothing stands for any more is wanted no more."""
        stood_for = [one for one in self._asked if model in one.models]
        self.discarded(model)
        self._asked = [one for one in self._asked if one.models or one not in stood_for]

    def given_up(self, name: str) -> None:
        """Somebody asked to unregister a name that no model has: what is missing under it is wanted no more."""
        self._asked = [one for one in self._asked if one.models or one.refusal is None or one.name != name]

    def missing(self) -> set[tuple[str, str]]:
        """Name and reason of each that is missing: the series of servescope_models_missing."""
        return {(one.name, missing.reason) for one in self._asked if (missing := one.missing) is not None}


def file_name(url: str) -> str:
    """An archive's name without its ending: `m` for `m.mar`, and for `https://host/models/m.tar.gz?token=x`."""
    path = urlsplit(url).path if "://" in url else url
    name = PurePosixPath(path).name or shown_url(url)
    return next((name[: -len(end)] for end in _ENDINGS if name.lower().endswith(end) and len(name) > len(end)), name)


def _reason(error: Exception) -> str:
    if isinstance(error, DownloadFailed):
        return "download"
    return "not_found" if isinstance(error, ModelNotFound) and not isinstance(error, UrlRefused) else "refused"


def _text(error: Exception) -> str:
    """What a download failed of is said by its cause alone; an error that is none of ours may say nothing but its class."""
    if isinstance(error, DownloadFailed) and error.__cause__ is not None:
        return str(error.__cause__)
    return str(error) if isinstance(error, ServescopeError) else f"{type(error).__name__}: {error}"
