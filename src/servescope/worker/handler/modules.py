"""A manifest's handler → its module. Called by `loader`, once a worker.

In: where the manifest says that the handler is, `h.py`, `h`, `folder/h.py` or `package.sub.h`, and the model's directory. Out: the
module, imported from that directory, from what is installed, or from `ts.torch_handler`, in this order (TorchServe's
ts.model_loader). Unlike there, an import that fails inside a handler's own file is shown as it is, and a file with relative
imports is loaded as part of its package.
"""

import ast
import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

from servescope.errors import InvalidModel

BUILT_IN = "ts.torch_handler"
# The package that a model's directory is to a handler whose relative imports need one, where its folders' names make none.
ROOT_PACKAGE = "servescope_model"


def import_handler(location: str, model_dir: Path) -> ModuleType:
    """The handler's module. Modules beside it and in the model's directory are importable from now on.

    Raises:
        InvalidModel: there is no such module. What the handler's own file raises comes through as it is.
    """
    path = Path(location)
    name = path.name.removesuffix(".py")
    if not name:
        raise InvalidModel(f"handler {location!r} names no Python module")
    file = model_dir / path.with_name(f"{name}.py")
    _extend_path(model_dir, file.parent)
    if not (file.is_relative_to(model_dir) and file.is_file()):
        return _import(name, location, model_dir)
    if "." in name:
        return _load(name, file)
    if _imports_relatively(file):
        return importlib.import_module(_name_in_package(file, model_dir))
    return _import(name, location, model_dir)


def _extend_path(model_dir: Path, handler_dir: Path) -> None:
    """Make modules beside the handler and in the model's directory importable, before anything else."""
    for directory in (str(model_dir), str(handler_dir)):
        if directory in sys.path:
            sys.path.remove(directory)
        sys.path.insert(0, directory)
    importlib.invalidate_caches()


def _import(name: str, location: str, model_dir: Path) -> ModuleType:
    for candidate in (name, f"{BUILT_IN}.{name}") if not name.startswith(".") else ():
        try:
            return importlib.import_module(candidate)
        except ModuleNotFoundError as error:
            # Only the handler's own absence leads on: what its file fails to import is its own error.
            if not f"{candidate}.".startswith(f"{error.name}."):
                raise
    raise InvalidModel(
        f"handler {location!r}: there is no {name}.py in {model_dir}, and no module {name} or {BUILT_IN}.{name}"
    )


def _load(name: str, file: Path) -> ModuleType:
    """A file that no module is called like, as v1.handler.py, under a name that one could have."""
    name = name.replace(".", "_")
    loader = SourceFileLoader(name, str(file))
    spec = ModuleSpec(name, loader, origin=str(file))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _imports_relatively(file: Path) -> bool:
    """Whether it says `from . import …`; a file that is no Python is left to fail where it is imported."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def _name_in_package(file: Path, model_dir: Path) -> str:
    """The name to import a file by, so that it has a package: that of its folders, where nothing else is called so."""
    *folders, name = file.relative_to(model_dir).with_suffix("").parts
    if folders and _is_found_in(model_dir, folders[0]):
        return ".".join([*folders, name])
    plain = all("." not in folder for folder in folders)
    root = ModuleType(ROOT_PACKAGE, "The directory of the model that this worker serves.")
    root.__path__ = [str(model_dir if plain else file.parent)]
    sys.modules[ROOT_PACKAGE] = root
    return ".".join([ROOT_PACKAGE, *(folders if plain else ()), name])


def _is_found_in(model_dir: Path, folder: str) -> bool:
    """Whether this is what `import folder` imports, and no package of the same name that is installed or loaded already."""
    try:
        spec = importlib.util.find_spec(folder)
    except (ImportError, ValueError):  # a loaded module may have no spec
        return False
    return spec is not None and str(model_dir / folder) in (spec.submodule_search_locations or ())
