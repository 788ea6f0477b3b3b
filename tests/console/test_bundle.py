"""The pages' files: those of the bundle and no others, and words where there is none."""

from servescope.console.bundle import Bundle


def test_absent(tmp_path):
    """Then the page says so, and what to do; there are no other files."""
    bundle = Bundle(tmp_path / "bundle")
    assert b"pages are not here" in bundle.find("").content
    assert b"<script" not in bundle.find("").content
    assert bundle.find("app.js") is None


def test_files(tmp_path):
    """By their paths, with their types; nothing outside, and nothing of a kind that pages have not."""
    (tmp_path / "secret.js").write_text("no")
    root = tmp_path / "bundle"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html>")
    (root / "assets" / "app.js").write_text("1")
    (root / "assets" / "key.pem").write_text("no")
    bundle = Bundle(root)
    assert bundle.find("").content == bundle.find("index.html").content == b"<!doctype html>"
    assert bundle.find("assets/app.js").content_type.startswith(b"text/javascript")
    for path in ("../secret.js", "assets/key.pem", "assets", "assets/../assets/app.js", "/etc/passwd"):
        assert bundle.find(path) is None
