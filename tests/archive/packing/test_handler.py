"""What `--handler` adds to an archive, and what the manifest says of it: files, packages, default handlers."""

import pytest

from servescope.archive.packing.writer import pack
from servescope.archive.reader import open_archive


def opened(path, tmp_path):
    return open_archive(path, path.name, tmp_path / "workspace", None)


@pytest.mark.parametrize("handler", ["image_classifier", "vllm_handler", "base_handler"])
def test_default_handlers(here, options, handler, write):
    """A default handler is named and not packed, even where a file has its name."""
    write(here, {f"{handler}.py": b"other"})
    archive = opened(pack(options(handler=handler)), here)
    assert archive.manifest.handler == handler
    assert not (archive.directory / f"{handler}.py").exists()


@pytest.mark.parametrize(("handler", "named"), [("src/h", "h"), ("src/h:fn", "h:fn"), ("src/h.py:fn", "h.py:fn")])
def test_handler_forms(here, options, handler, named):
    """The file's suffix may be left out, and a function may follow."""
    archive = opened(pack(options(handler=handler)), here)
    assert archive.manifest.handler == named
    assert (archive.directory / "h.py").exists()


def test_lsp(here, options, write):
    """The C++ runtime's handlers are shared objects, or its own two."""
    write(here, {"lib.so": b"elf"})
    assert (opened(pack(options(runtime="LSP", handler="lib")), here).directory / "lib.so").exists()
    assert opened(pack(options(runtime="LSP", handler="BaseHandler", force=True)), here).manifest.runtime == "LSP"


@pytest.mark.parametrize(
    ("extra", "handler", "named"),
    [
        ("src", "src/h.py", "src/h.py"),
        ("src", "src/h:Mine", "src/h.py:Mine"),
        ("src", "src/h.py:fn", "src/h.py:fn"),
        ("src/", "./src/h", "src/h.py"),
        ("extra", "src/h.py:fn", "h.py:fn"),
        (None, "src/h.py", "h.py"),
    ],
)
def test_a_handler_stays_in_a_folder_that_is_kept(here, options, extra, handler, named):
    """So that its relative imports hold; one that is in no such folder is at the root."""
    archive = opened(pack(options(handler=handler, extra_files=extra, keep_folders=True)), here)
    assert archive.manifest.handler == named
    location = named.partition(":")[0]
    assert [path.relative_to(archive.directory).as_posix() for path in archive.directory.rglob("h.py")] == [location]


def test_a_file_of_the_same_name_is_another(here, options, write):
    """Only the handler itself is where the manifest says."""
    write(here, {"lib/h.py": b"other", "h.py": b"root"})
    archive = opened(pack(options(handler="src/h.py", extra_files="lib,src", keep_folders=True)), here)
    assert archive.manifest.handler == "src/h.py"
    archive = opened(pack(options(handler="src/h.py", extra_files="lib", keep_folders=True, force=True)), here)
    assert archive.manifest.handler == "h.py"
    assert (archive.directory / "h.py").read_bytes() == b"def fn(data, context): ..."


@pytest.mark.parametrize("handler", ["my_pkg.sub.handler", "my_pkg.sub.handler:Mine", "my_pkg.sub"])
def test_a_module_is_packed_with_its_package(here, options, handler, write, caplog):
    """Folders and all; the manifest has its name, as TorchServe reads it."""
    write(here, {"my_pkg/util.py": b"X = 1", "my_pkg/sub/handler.py": b"1", "my_pkg/sub/__init__.py": b""})
    archive = opened(pack(options(handler=handler, extra_files="my_pkg")), here)
    assert archive.manifest.handler == handler
    assert (archive.directory / "my_pkg" / "sub" / "handler.py").exists()
    assert (archive.directory / "my_pkg" / "util.py").exists()
    assert (archive.directory / "util.py").exists()  # --extra-files flattens, as always
    assert caplog.text == ""


def test_a_module_that_is_not_here_must_be_installed(here, options, caplog, write):
    """Which a warning says, except of what every server carries; a file with dots in its name is a file."""
    write(here, {"my_pkg/other.py": b"", "v1.handler.py": b"1"})
    assert opened(pack(options(handler="my_pkg.handler")), here).manifest.handler == "my_pkg.handler"
    assert "'my_pkg.handler': there is no my_pkg/handler.py here" in caplog.text
    caplog.clear()
    for handler in ("ts.torch_handler.base_handler", "v1.handler"):
        assert opened(pack(options(handler=handler, force=True)), here).manifest.handler == handler
    assert caplog.text == ""
