"""The registries of prometheus_client that there are in this process: the library's own one, and those that a handler makes.

In: the library, once it is imported. Out: registries, in the order in which they were made, the library's first. Called by `probe`.
The private ones of before are looked for once, among all objects; those that are made later tell of themselves.
"""

import gc
import weakref
from typing import Any


class Registries:
    """See the module. Private registries are held weakly: one that its handler gives up goes."""

    def __init__(self) -> None:
        self._private: list[weakref.ref[Any]] = []
        self._watched = False

    def of(self, library: Any) -> list[Any]:
        """All of them; none while the library is not there, or only half."""
        registry = getattr(library, "REGISTRY", None)
        if registry is None:
            return []
        if not self._watched:
            self._watched = True
            kind = getattr(library, "CollectorRegistry", None)
            if isinstance(kind, type):
                self._watch(kind)
        found = {id(registry): registry}
        for reference in tuple(self._private):
            private = reference()
            if private is None:
                self._private.remove(reference)
            else:
                found.setdefault(id(private), private)
        return list(found.values())

    def _watch(self, kind: Any) -> None:
        """Note those that there are, and, from before that on, each that is made."""
        make, note = kind.__init__, self._note

        def noted(made: Any, *arguments: Any, **options: Any) -> None:
            make(made, *arguments, **options)
            note(made)

        kind.__init__ = noted
        # Of any object its type can be told; what it says of itself may be a handler's code.
        for one in gc.get_objects():
            if issubclass(type(one), kind):
                note(one)

    def _note(self, registry: Any) -> None:
        self._private.append(weakref.ref(registry))
