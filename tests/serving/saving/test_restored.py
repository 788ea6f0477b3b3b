"""Which models a start is to load where a snapshot names them."""

from servescope.config.snapshots.saved import SavedModels, SavedVersion
from servescope.serving.saving.restored import restored


def test_each_version_with_what_is_said_of_it(tmp_path):
    """From the store where it is there, else from where it was; without a name where that was not known."""
    (tmp_path / "there.mar").touch()
    versions = {
        "1": SavedVersion(mar_name="there.mar", url="/elsewhere/there.mar"),
        "2": SavedVersion(mar_name="away", url="/elsewhere/away", default_version=True),
        "3": SavedVersion(mar_name="nowhere.mar", nameless=True),
    }
    found = restored(SavedModels(models={"m": versions}), tmp_path)
    assert [(one.name, one.url, one.version) for one in found] == [
        ("m", "/elsewhere/away", "2"),
        ("m", "there.mar", "1"),
        (None, str(tmp_path / "nowhere.mar"), "3"),
    ]
    assert [one.saved for one in found] == [versions[one.version] for one in found]
