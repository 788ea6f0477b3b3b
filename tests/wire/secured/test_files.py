"""Files that cannot be used are named, with what is wrong with them."""

from pathlib import Path

import pytest
from msgspec import structs

from servescope.wire.secured.files import TlsFile
from tls_files import tls_files


@pytest.fixture
def files(tmp_path):
    return tls_files(tmp_path / "own")


def test_both_ends(files):
    """Either is made of the same files, and wants to see the other's certificate; who connects looks at the name too."""
    listening, connecting = files.listening(), files.connecting()
    assert listening.verify_mode is connecting.verify_mode is listening.verify_mode.CERT_REQUIRED
    assert connecting.check_hostname


@pytest.mark.parametrize("end", ["listening", "connecting"])
@pytest.mark.parametrize("name", ["certificate", "key", "authority"])
def test_a_file_that_is_not_there(files, name, end):
    """Its option and path are told, and the system's reason."""
    file = getattr(files, name)
    Path(file.path).unlink()
    with pytest.raises(OSError, match=f"TLS cannot be set up: {file.option}={file.path} cannot be read: No such file"):
        getattr(files, end)()


@pytest.mark.parametrize(
    ("name", "lacks"), [("certificate", "certificate"), ("key", "private key"), ("authority", "certificate")]
)
def test_a_file_that_is_something_else(files, name, lacks):
    """So is what it lacks."""
    file = getattr(files, name)
    Path(file.path).write_text("nothing of the kind\n")
    with pytest.raises(OSError, match=f"TLS cannot be set up: {file.option}={file.path} has no {lacks} in it"):
        files.listening()


def test_a_key_of_another_certificate(files, tmp_path):
    """Both are named."""
    other = tls_files(tmp_path / "other")
    with pytest.raises(OSError, match=r"KEY=.*other/key.pem is not the key of the first certificate in CERT="):
        structs.replace(files, key=other.key).listening()


def test_a_directory(files, tmp_path):
    """Is no file."""
    with pytest.raises(OSError, match=r"CA=.* cannot be read"):
        structs.replace(files, authority=TlsFile("CA", str(tmp_path))).listening()
