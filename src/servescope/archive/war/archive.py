"""From a workflow archive on disk to a directory that its functions' workers can load: a `.war` in, a `WarArchive` out.

`workflows` calls `open_war` with what `source` fetched, and `close` when the workflow goes. The layout
(`{workspace}/workflows/{uuid}`) is TorchServe's.
"""

import shutil
import uuid
from pathlib import Path

from msgspec import Struct

from servescope.archive.downloaded import remove_download
from servescope.archive.members import ZIP_SUFFIXES, is_zip
from servescope.archive.reader import read_small, read_text, unpack
from servescope.archive.source import Fetched
from servescope.archive.war.errors import InvalidWorkflow
from servescope.archive.war.manifest import MANIFEST_PATH, WarManifest, parse_war_manifest
from servescope.config.names import fault_of
from servescope.errors import InvalidModel, ServescopeError


class WarArchive(Struct, frozen=True):
    """An opened archive. `name`: the workflow's; `url` is what the user registered, without its secrets; `directory` holds its
    files; `spec_text` is that of `spec_file`; `handler`: the file of its functions, "" without.
    """

    name: str
    url: str
    directory: Path
    spec_file: str
    spec_text: str
    handler: str
    fetched: Fetched

    def close(self) -> None:
        """Remove what was made for it; a no-op the second time. Blocks."""
        _remove(self.directory, self.fetched)


def open_war(fetched: Fetched, url: str, workspace: Path, name: str | None = None) -> WarArchive:
    """Unpack an archive below `workspace`, and read what it says of itself. `name` overrides its own. Blocks.

    Raises:
        InvalidWorkflow: hostile or corrupt, a bad manifest, no specification, or a name that no path can say.
        ServescopeError: the disk is full or not writable, or the source not readable. After any error nothing is left, nor a
            download.
    """
    directory = workspace / "workflows" / uuid.uuid4().hex
    try:
        return _read(fetched, url, directory, name)
    except InvalidModel as error:
        _remove(directory, fetched)
        raise InvalidWorkflow(str(error)) from error
    except OSError as error:
        _remove(directory, fetched)
        raise ServescopeError(f"Failed to save workflow: {url}: {error.strerror or error}") from error
    except BaseException:
        _remove(directory, fetched)
        raise


def _read(fetched: Fetched, url: str, directory: Path, name: str | None) -> WarArchive:
    source = fetched.path
    if not source.is_file():  # opening a pipe would wait for its writer
        raise InvalidModel(f"Archive {url} is no file; a workflow is a .war, as torch-workflow-archiver writes it")
    if source.suffix.lower() in ZIP_SUFFIXES and not is_zip(source):
        raise InvalidModel(f"Archive {url} is corrupt: it is no zip file")
    unpack(source, url, directory)
    manifest = _manifest(directory, url)
    name = name or manifest.workflow_name
    if not name:
        raise InvalidModel(f"Workflow name is not defined. {MANIFEST_PATH} of {url} has no workflowName")
    if (fault := fault_of(name)) is not None:
        raise InvalidModel(f"Workflow name {fault}")
    if not manifest.spec_file:
        raise InvalidModel(f"{MANIFEST_PATH} of {url} has no specFile")
    if manifest.handler and not (directory / manifest.handler).is_file():
        raise InvalidModel(
            f"{manifest.handler}, which {MANIFEST_PATH} of {url} names as handler, is not in the archive"
        )
    spec = read_text(directory / manifest.spec_file, manifest.spec_file, url)
    return WarArchive(name, url, directory, manifest.spec_file, spec, manifest.handler, fetched)


def _manifest(directory: Path, url: str) -> WarManifest:
    path = directory / MANIFEST_PATH
    if not path.exists():
        raise InvalidModel(
            f"Workflow name is not defined. Archive {url} has no {MANIFEST_PATH}; `servescope workflow archive` and "
            "torch-workflow-archiver write it"
        )
    return parse_war_manifest(read_small(path, MANIFEST_PATH, url), url)


def _remove(directory: Path, fetched: Fetched) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    if fetched.downloaded:
        remove_download(fetched.path)
