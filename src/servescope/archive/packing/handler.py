"""`--handler` → what is packed for it, and what the manifest says of it. Called by `inputs` and `writer`.

It is a file, a default handler's name, or a module's by dots (`package.sub.handler`); `:function` or `:Class` may follow.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from servescope.archive.manifest import Runtime
from servescope.archive.packing.tree import files_below

_log = logging.getLogger("servescope.archive")
# Handlers that the server carries, so that an archive names them and need not contain them.
DEFAULT_HANDLERS = {
    "base_handler",
    "text_classifier",
    "image_classifier",
    "object_detector",
    "image_segmenter",
    "dali_image_classifier",
    "vllm_handler",
    "trt_llm_handler",
}
_LSP_HANDLERS = {"BaseHandler", "TorchScriptHandler"}
_CARRIED_PACKAGE = "ts"


def handler_file(handler: str, runtime: str) -> str | None:
    """The path of the handler's file; None for a default handler, and for a module."""
    python = runtime != Runtime.LSP
    if handler in (DEFAULT_HANDLERS if python else _LSP_HANDLERS) or (python and _module(handler)):
        return None
    directory, name = os.path.split(handler)
    name = name.partition(":")[0]
    suffix = ".py" if python else ".so"
    return os.path.join(directory, name if name.endswith(suffix) else name + suffix)


def package_files(handler: str, runtime: str) -> Iterator[tuple[str, Path]]:
    """The files of the package that a module named by dots is in, where its folder is here.

    Where it is not, the module must be installed where the model is served: a warning says so.
    """
    module = _module(handler) if runtime != Runtime.LSP else None
    if module is None:
        return
    path = Path(*module.split("."))
    package = path.parts[0]
    if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
        yield from files_below(Path(package), f"{package}/", f"--handler {handler!r}")
    elif package != _CARRIED_PACKAGE:
        _log.warning(
            "--handler %r: there is no %s.py here, so %s must be installed where the model is served",
            handler, path, module,
        )  # fmt: skip


def handler_in_archive(handler: str, runtime: str, files: Mapping[str, Path]) -> str:
    """What the manifest says, as the archive has it: `files` are those in it by name."""
    base = os.path.basename(handler)
    file = handler_file(handler, runtime)
    if file is None:
        return base
    own = os.path.basename(file)
    places = [name for name, path in files.items() if os.path.basename(name) == own and os.path.samefile(path, file)]
    if own in places or not places:  # one that an extra file has replaced is nowhere
        return base
    _, colon, entry = base.partition(":")
    return places[0] + colon + entry


def _module(handler: str) -> str | None:
    """The module that a handler's dots name; None where it is a file, its suffix left out or not."""
    module = handler.partition(":")[0]
    words = module.split(".")
    dotted = len(words) > 1 and words[-1] != "py" and all(word.isidentifier() for word in words)
    return module if dotted and not os.path.isfile(f"{module}.py") else None
