"""From where a manifest says that a handler is to its module: files, folders, packages, and what is not there."""

import itertools
import re
import sys
import traceback

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from servescope.errors import InvalidModel
from servescope.worker.handler.modules import import_handler

_numbers = itertools.count()


@pytest.fixture
def files(model):
    """Writes files of the model's directory, `a__b` for a/b.py. `N` in names and `{n}` in texts are this test's alone."""
    number = f"t{next(_numbers)}"

    def write(**texts):
        for name, text in texts.items():
            path = model.directory / (name.replace("__", "/").replace("N", number) + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{n}", number))
        return number

    return write


def test_the_archives_other_modules_can_be_imported(model, files):
    """The model's directory is on sys.path while the handler is imported."""
    n = files(besideN="answer = 42", hN="import beside{n}\nanswer = beside{n}.answer")
    assert import_handler(f"h{n}.py", model.directory).answer == 42
    assert import_handler(f"h{n}", model.directory).answer == 42


def test_a_handler_in_a_folder_is_found_by_its_path(model, files):
    """Its own folder is importable too, and the module has the file's name, as always."""
    n = files(code__besideN="answer = 1", code__hN="from beside{n} import answer")
    module = import_handler(f"code/h{n}.py", model.directory)
    assert (module.answer, module.__name__) == (1, f"h{n}")


@pytest.mark.parametrize("init", [True, False])
def test_a_file_with_relative_imports_is_part_of_its_package(model, files, init):
    """Of a folder with an `__init__.py`, and without; what is imported by its full name is the same module."""
    if init:
        files(pN____init__="")
    n = files(pN__util="X = []", pN__h="from .util import X")
    module = import_handler(f"p{n}/h.py", model.directory)
    full = __import__(f"p{n}.util", fromlist=["X"])
    assert module.X is full.X
    assert module.__name__ == f"p{n}.h"


def test_relative_imports_may_climb_within_the_archive(model, files):
    """`from ..` in a folder's folder."""
    n = files(pN__util="X = 3", pN__deep__h="def handle(data, context):\n    from ..util import X\n    return [X]")
    assert import_handler(f"p{n}/deep/h.py", model.directory).handle(None, None) == [3]


def test_a_file_at_the_root_may_import_relatively(model, files):
    """Where `archive` packs a package's handler beside what was in its folder."""
    n = files(
        utilN="X = 5",
        subN__more="from ..util{n} import X as Y",
        hN="from .util{n} import X\nfrom .sub{n} import more\nY = more.Y",
    )
    module = import_handler(f"h{n}.py", model.directory)
    assert (module.X, module.Y) == (5, 5)


@pytest.mark.parametrize("folder", ["json", "code", "v1.0", "my-model"])
def test_a_folder_may_be_called_like_a_module_or_have_a_name_that_is_none(model, files, folder):
    """Of these json is loaded already, code is in the standard library, and a package's name has no dot."""
    import json

    (model.directory / folder).mkdir()
    n = files(besideN="")
    (model.directory / folder / f"util{n}.py").write_text("X = 7")
    (model.directory / folder / f"h{n}.py").write_text(f"from .util{n} import X")
    assert import_handler(f"{folder}/h{n}.py", model.directory).X == 7
    assert sys.modules["json"] is json


def test_a_dotted_name_is_a_module(model, files):
    """Of the archive's packages, or of what is installed; with relative imports too."""
    n = files(pN__util="X = 9", pN__sub__handler="from ..util import X")
    assert import_handler(f"p{n}.sub.handler", model.directory).X == 9


@pytest.mark.parametrize("name", ["ts.torch_handler.base_handler", "base_handler"])
def test_a_dotted_name_of_torchserves(model, name):
    """Its last part does as well."""
    import torch

    module = import_handler(name, model.directory)
    assert module.BaseHandler
    assert module.torch is torch


def test_a_file_may_have_dots_in_its_name(model):
    """No module is called so; its classes are its own all the same."""
    (model.directory / "v1.2.handler.py").write_text("class Mine: pass")
    module = import_handler("v1.2.handler.py", model.directory)
    assert module.Mine.__module__ == module.__name__ == "v1_2_handler"


@pytest.mark.parametrize("name", ["absent", "no_package.sub.absent", "ts.torch_handler.absent", "json.absent"])
def test_an_absent_handler_is_named(model, name):
    """Neither in the archive, nor installed, nor built in: the message says where it was looked for."""
    with pytest.raises(InvalidModel, match=rf"'{name}'.*no module {name} or ts\.torch_handler\.{name}"):
        import_handler(name, model.directory)


@given(location=st.text("._-/\\: éqQ0", max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("")
@example("..")
@example("json..q")
@example(".q.py")
def test_a_location_that_names_nothing_is_refused(model, location):
    """Whatever it is made of, but for control characters, which no manifest may have: the message repeats it."""
    with pytest.raises(InvalidModel, match=re.escape(repr(location))):
        import_handler(location, model.directory)


@pytest.mark.parametrize("where", ["hN", "pN__h"])
def test_a_failing_import_of_the_handlers_own_is_not_hidden(model, files, where):
    """TorchServe showed `No module named ts.torch_handler.…` instead."""
    n = files(**{where: "import no_such_library"})
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        import_handler(where.replace("N", n).replace("__", "."), model.directory)


def test_a_relative_import_of_what_is_not_there_is_shown(model, files):
    """By the name that it has in its package."""
    n = files(pN__h="from .gone import X")
    with pytest.raises(ModuleNotFoundError, match=rf"p{n}\.gone"):
        import_handler(f"p{n}/h.py", model.directory)


def test_a_syntax_error_shows_its_file_and_line(model, files):
    """So that its traceback in the model log leads to it."""
    n = files(hN="x = 1\ndef (:\n")
    with pytest.raises(SyntaxError) as caught:
        import_handler(f"h{n}.py", model.directory)
    assert f'h{n}.py", line 2' in "".join(traceback.format_exception_only(caught.value))
