"""What vLLM raised while loading → one sentence for whoever registers the model. Called by `engine`."""

_NOISE = ("for further information visit", "[type=", "please verify", "see stack trace", "see root cause")
_LONGEST = 500


def reason_of(error: BaseException, engine_said: str = "") -> str:
    """The most telling line: of the engine's own process where it left word, else of `error` or its cause.

    Pydantic's errors, which vLLM raises for settings that do not fit, say it in their first entry.
    """
    if engine_said:
        kind, _, text = engine_said.partition(": ")
        return _shorten(kind, text) if kind.isidentifier() else _shorten("", engine_said)
    errors = getattr(error, "errors", None)
    if callable(errors):
        entries = errors()
        if entries:
            where = ".".join(map(str, entries[0].get("loc", ())))
            text = str(entries[0].get("msg", error)).removeprefix("Value error, ")
            return _shorten(where, text) if where else _shorten("", text)
    return _shorten(type(error).__name__, str(error))


def _shorten(kind: str, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not any(noise in line.lower() for noise in _NOISE)]
    first = (telling or lines or [""])[0]
    if first.endswith(":") and len(telling) > 1:
        first = f"{first} {telling[1]}"
    whole = f"{kind}: {first}" if kind and first else kind or first
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
