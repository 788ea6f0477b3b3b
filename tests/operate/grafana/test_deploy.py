"""deploy/grafana is what `servescope grafana` writes now."""

from pathlib import Path

from servescope.operate.grafana.files import grafana_files
from servescope.operate.grafana.provisioning import Sources

DEPLOY = Path(__file__).parents[3] / "deploy" / "grafana"


def test_the_copy_is_not_stale():
    """Nothing is missing, different or left over; `servescope grafana deploy/grafana --force` makes it so."""
    there = {
        path.relative_to(DEPLOY).as_posix(): path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file()
    }
    wanted = grafana_files("classic", Sources())
    assert there.keys() == wanted.keys()
    stale = [name for name, text in wanted.items() if there[name] != text]
    assert stale == []
