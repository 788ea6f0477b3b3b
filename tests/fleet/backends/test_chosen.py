"""A server whose models want no Ray has nothing of it."""

import subprocess
import sys

PROGRAM = """
import sys
import servescope.runtime.serve
fleet = ("agent", "backends.remote", "backends.ray")
rooms = ("ray", "servescope.wire.agent", *(f"servescope.fleet.{room}" for room in fleet))
print(sorted(name for name in sys.modules if name in rooms or name.startswith(tuple(room + "." for room in rooms))))
"""


def test_nothing_of_it_is_imported():
    """But how the cluster is reached, a dataclass in a package that is empty."""
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['servescope.fleet.backends.ray', 'servescope.fleet.backends.ray.address']"
