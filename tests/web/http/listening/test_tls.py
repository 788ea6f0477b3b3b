"""What connections are encrypted with, as the files change."""

import pytest

from certificates import loopback_pair
from servescope.errors import ConfigurationError
from servescope.web.http.listening.tls import Tls


@pytest.fixture
def tls(tmp_path):
    loopback_pair(tmp_path)
    return Tls(tmp_path / "certificate.pem", tmp_path / "key.pem")


def test_the_stamp_changes_with_the_files(tls, tmp_path):
    """With their content, with what they lead to, and where one is gone."""
    stamps = [tls.stamp()]
    assert tls.stamp() == stamps[0]
    loopback_pair(tmp_path)
    stamps.append(tls.stamp())
    (tmp_path / "key.pem").rename(tmp_path / "other.pem")
    stamps.append(tls.stamp())
    (tmp_path / "key.pem").symlink_to(tmp_path / "certificate.pem")
    stamps.append(tls.stamp())
    assert len(set(stamps)) == 4


def test_files_that_do_not_belong_together(tls, tmp_path):
    """Both are named, and what was read before is kept."""
    tls.context()
    newest = tls._newest
    (tmp_path / "other").mkdir()
    loopback_pair(tmp_path / "other")
    (tmp_path / "other" / "key.pem").rename(tmp_path / "key.pem")
    with pytest.raises(
        ConfigurationError, match=r"private_key_file=.*key.pem is not .* certificate_file=.*certificate.pem"
    ):
        tls.reload()
    assert tls._newest is newest
