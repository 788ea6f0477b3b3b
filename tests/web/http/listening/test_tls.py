"""What connections are encrypted with, as the files change."""

import ssl

import pytest

from certificates import loopback_pair
from servescope.errors import ConfigurationError
from servescope.web.http.listening.pair import Pair
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


def test_files_that_change_while_they_are_read(tls, tmp_path, monkeypatch):
    """Other processes of the server are given what this one uses."""
    used = (tmp_path / "certificate.pem").read_bytes(), (tmp_path / "key.pem").read_bytes()
    load = ssl.SSLContext.load_cert_chain

    def replaced_then(*given):
        load(*given)
        loopback_pair(tmp_path)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", replaced_then)
    tls.context()
    assert tls.pair() == used


def test_a_pair_that_openssl_refuses(tmp_path):
    """Is given to nobody: they get the one before."""
    certificate, key = (path.read_bytes() for path in loopback_pair(tmp_path))
    pairs = [Pair(certificate, key), Pair(certificate, b"no key")]
    tls = Tls(tmp_path, tmp_path, lambda: pairs.pop(0))
    tls.context()
    with pytest.raises(ConfigurationError, match="OpenSSL refuses"):
        tls.reload()
    assert tls.pair() == Pair(certificate, key)
    assert tls.certificate_pem == certificate
