"""What models and their versions may be called: in, a name; out, it and what is wrong with it, or None.

A name is a part of paths (`/predictions/NAME/VERSION`), which can say neither an empty one, nor a folder's, nor one with a slash: a
model that was registered under it could be neither asked nor removed. Asked by `load_list`, `model.register` and `archive`, each of
which refuses in its own way. Pure.
"""

import unicodedata


def fault_of(name: str) -> str | None:
    """Why `name` cannot stand in a path; None where it can.

    TorchServe registers all of them. Names that a language model answers to stand in bodies and are not asked for here.
    """
    if not name:
        return "'': must not be empty"
    if name in (".", ".."):
        return f"{name!r}: means a folder in a path"
    if "/" in name or "\\" in name:
        return f"{name!r:.200}: slashes and backslashes divide a path"
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        return f"{name!a:.200}: control characters cannot be shown"
    return None
