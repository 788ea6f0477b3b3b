"""A request's headers as a dict that keeps the wire's case and finds a name in any case. Made by `context`."""

from collections.abc import Iterable, Mapping
from typing import Any


class Headers(dict[str, Any]):
    """Header name → value. Of names that differ in case only, the last stays, in its own case.

    A dict, so that handlers may hand it to `json.dumps` or test its type as they did with TorchServe's.
    """

    __slots__ = ("_spelling",)

    def __init__(self, pairs: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self._spelling: dict[str, str] = {}
        for name, value in pairs:
            self[name] = value

    def __getitem__(self, name: str) -> Any:
        spelling = self._spelling.get(name.lower())
        if spelling is None:
            raise KeyError(name)
        return super().__getitem__(spelling)

    def __setitem__(self, name: str, value: Any) -> None:
        folded = name.lower()
        old = self._spelling.get(folded)
        if old is not None and old != name:
            super().__delitem__(old)
        self._spelling[folded] = name
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(self._spelling.pop(name.lower()))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._spelling

    def __reduce__(self) -> tuple[Any, ...]:
        return Headers, (list(self.items()),)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name` in any case, or `default`."""
        spelling = self._spelling.get(name.lower())
        return default if spelling is None else super().__getitem__(spelling)

    def pop(self, name: str, *default: Any) -> Any:
        """Take `name` out; its value, or `default`."""
        if name not in self and default:
            return default[0]
        value = self[name]
        del self[name]
        return value

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The value of `name`, set to `default` where there was none."""
        if name not in self:
            self[name] = default
        return self[name]

    def popitem(self) -> tuple[str, Any]:
        """Take the last header out."""
        name, value = super().popitem()
        del self._spelling[name.lower()]
        return name, value

    def clear(self) -> None:
        """Take all headers out."""
        super().clear()
        self._spelling.clear()

    def copy(self) -> "Headers":
        """A copy that finds names in any case too."""
        return Headers(self.items())

    def update(self, pairs: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **named: Any) -> None:  # type: ignore[override]
        """Set several headers."""
        given = pairs.items() if isinstance(pairs, Mapping) else pairs
        for name, value in [*given, *named.items()]:
            self[name] = value
