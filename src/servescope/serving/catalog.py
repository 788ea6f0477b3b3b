"""The models of a server: by name and version, with a default version each. Read by every request; changed by lifecycle."""

import time
from collections.abc import Callable, Iterator

from servescope.errors import Conflict, InvalidModelVersion, ModelNotFound, ModelVersionNotFound
from servescope.serving.model import Model


class Catalog:
    """Name → versions. The first version of a name becomes its default; later ones do not.

    `startup_names`: the names that the server loaded as it started. TorchServe's `loadedAtStartup` says so of the name: a
    version that is registered later under it counts too. `reserved`: versions that no model may have, and why. `clock`: seconds
    since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._registered: dict[Model, float] = {}
        self._versions: dict[str, dict[str, Model]] = {}
        self._defaults: dict[str, Model] = {}
        self._leaving: list[Model] = []
        self.startup_names: set[str] = set()
        self.reserved: dict[tuple[str, str], str] = {}

    def find(self, name: str, version: str | None = None) -> Model:
        """The model a request means: `version`, or the default.

        Raises:
            ModelNotFound: no such name.
            ModelVersionNotFound: no such version of it.
        """
        if version is None:
            model = self._defaults.get(name)
            if model is None:
                raise ModelNotFound(f"Model not found: {name}")
            return model
        model = self.versions(name).get(version)
        if model is None:
            raise ModelVersionNotFound(f"Model version: {version} does not exist for model: {name}")
        return model

    def versions(self, name: str) -> dict[str, Model]:
        """All versions of a model.

        Raises:
            ModelNotFound: no such name.
        """
        versions = self._versions.get(name)
        if versions is None:
            raise ModelNotFound(f"Model not found: {name}")
        return versions

    def defaults(self) -> list[Model]:
        """The default version of every model, sorted by name."""
        return [self._defaults[name] for name in sorted(self._defaults)]

    def is_default(self, model: Model) -> bool:
        """Whether requests for its name without a version are its own."""
        return self._defaults.get(model.name) is model

    def language_models(self) -> list[Model]:
        """The default versions that are language models and were loaded once, in the order of their registration."""
        return [model for model in self._defaults.values() if model.pool.served]

    def find_served(self, name: str) -> Model | None:
        """The default version that a client of OpenAI's API means by a name; None: there is none.

        A registered name comes before a name that a language model gives itself, and the model that was registered first before
        others. A registered model that is no language model is found where no language model has its name.
        """
        registered = self._defaults.get(name)
        if registered is not None and registered.pool.served:
            return registered
        for model in self._defaults.values():
            if any(served.id == name for served in model.pool.served):
                return model
        return registered

    def registered_at(self, model: Model) -> float:
        """When a model was registered, in seconds since 1970."""
        return self._registered[model]

    def __iter__(self) -> Iterator[Model]:
        for versions in list(self._versions.values()):
            yield from list(versions.values())

    def __contains__(self, key: tuple[str, str]) -> bool:
        name, version = key
        return version in self._versions.get(name, {})

    def add(self, model: Model) -> None:
        """Make a model known.

        Raises:
            Conflict: its version is registered already.
        """
        self.refuse_duplicate(model.name, model.version)
        self._registered[model] = self._clock()
        self._versions.setdefault(model.name, {})[model.version] = model
        self._defaults.setdefault(model.name, model)

    def refuse_duplicate(self, name: str, version: str, *, alone: bool = False) -> None:
        """Raises: Conflict where the version is registered already, or reserved; or any other, if it is to have its name `alone`:
        requests without a version would find that.
        """
        if why := self.reserved.get((name, version)):
            raise Conflict(f"Model version {version} cannot be registered for model {name}: {why}")
        if (name, version) in self:
            raise Conflict(f"Model version {version} is already registered for model {name}")
        if alone and (model := self._defaults.get(name)) is not None:
            raise Conflict(f"Model {name} is already registered, with the default version {model.version}")

    def set_default(self, name: str, version: str) -> None:
        """Make `version` the one that requests without a version get.

        Raises:
            ModelNotFound, ModelVersionNotFound: there is no such model.
        """
        model = self.versions(name).get(version)
        if model is None:
            raise ModelVersionNotFound(f"Model version {version} does not exist for model {name}")
        self._defaults[name] = model

    def remove(self, name: str, version: str | None) -> Model:
        """Take away a version (None: the default): new requests find it no more. It is `leaving` until it is `gone`.

        Raises:
            ModelNotFound, ModelVersionNotFound: there is no such model.
            InvalidModelVersion: it is the default, and others exist.
        """
        model = self.find(name, version)
        versions = self._versions[name]
        if self._defaults[name] is model:
            if len(versions) > 1:
                raise InvalidModelVersion(f"Cannot remove default version for model {name}")
            del self._defaults[name], self._versions[name]
        else:
            del versions[model.version]
        del self._registered[model]
        self._leaving.append(model)
        return model

    def leaving(self, name: str | None = None, version: str | None = None) -> list[Model]:
        """Models that were unregistered and have yet to finish: all, or those of this name, or of this version of it too."""
        named = (model for model in self._leaving if name in (None, model.name))
        return [model for model in named if version in (None, model.version)]

    def gone(self, model: Model) -> None:
        """It has finished."""
        if model in self._leaving:
            self._leaving.remove(model)

    def discard(self, model: Model, *, leaves: bool = False) -> bool:
        """Forget a model whose registration failed, or whose workflow goes: then it is `leaving`. Where it is the default, the
        oldest other version becomes it.

        False: it is not there any more.
        """
        versions = self._versions.get(model.name, {})
        if versions.get(model.version) is not model:
            return False
        del versions[model.version], self._registered[model]
        if not versions:
            del self._defaults[model.name], self._versions[model.name]
        elif self._defaults[model.name] is model:
            self._defaults[model.name] = next(iter(versions.values()))
        if leaves:
            self._leaving.append(model)
        return True
