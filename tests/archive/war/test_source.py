"""Where workflow archives are looked for: as models' are, in a store of their own and with TorchServe's words."""

import re

import pytest

from servescope.archive.war.errors import WorkflowNotFound
from servescope.archive.war.source import fetch_war
from servescope.errors import DownloadFailed

EVERY = (re.compile(".*"),)
NONE = ()


def test_in_the_store(tmp_path):
    """By name; what is there is used where it is."""
    (tmp_path / "w.war").write_text("x")
    fetched = fetch_war("w.war", tmp_path, NONE)
    assert (fetched.path, fetched.downloaded) == (tmp_path / "w.war", False)


def test_a_copy(tmp_path):
    """A file elsewhere comes into the store, and is known to be a copy."""
    (tmp_path / "store").mkdir()
    (tmp_path / "w.war").write_text("x")
    fetched = fetch_war(f"file://{tmp_path}/w.war", tmp_path / "store", EVERY)
    assert (fetched.path, fetched.downloaded) == (tmp_path / "store" / "w.war", True)


@pytest.mark.parametrize(
    ("url", "allowed", "text"),
    [
        ("none.war", EVERY, "Workflow not found in workflow store: none.war"),
        ("", EVERY, "Workflow not found in workflow store: "),
        ("../x.war", EVERY, "Relative path is not allowed in url: ../x.war"),
        ("s3://bucket/x.war", EVERY, "Workflow not found at: s3://bucket/x.war (s3:// is not supported"),
        ("http://h/x.war", NONE, "Given URL http://h/x.war does not match any allowed URL(s)"),
        ("/etc/hostname", NONE, "Given URL /etc/hostname is not in the workflow store"),
    ],
)
def test_refusals(tmp_path, url, allowed, text):
    """404, as if there were none."""
    with pytest.raises(WorkflowNotFound) as refusal:
        fetch_war(url, tmp_path, allowed)
    assert str(refusal.value).startswith(text)
    assert (refusal.value.status, refusal.value.type_name) == (404, "WorkflowNotFoundException")


def test_what_cannot_be_downloaded(tmp_path):
    """400, without what the URL's secrets are."""
    with pytest.raises(DownloadFailed, match=r"Failed to download archive from: http://127\.0\.0\.1:1/x\.war"):
        fetch_war("http://127.0.0.1:1/x.war", tmp_path, EVERY)
