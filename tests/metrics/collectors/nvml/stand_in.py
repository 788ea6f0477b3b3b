"""Compiles the stand-in for NVIDIA's management library and says what it shall answer.

In: `stand_in.c`. Out: a folder for LD_LIBRARY_PATH, from which nvidia-ml-py loads it as it would load the real one,
and a control file. Used by the tests of the GPU collector and by those of a live server.
"""

import subprocess
from pathlib import Path

from programs import needs

SOURCE = Path(__file__).parent / "stand_in.c"
needs_gcc = needs("gcc")


class StandIn:
    """`folder` holds the library, `control` what it does (see stand_in.c)."""

    def __init__(self, folder: Path, control: Path) -> None:
        self.folder = folder
        self.control = control
        self.say()

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a process that shall see the cards."""
        return {"LD_LIBRARY_PATH": str(self.folder), "NVML_STAND_IN": str(self.control)}

    def say(self, *lines: str) -> None:
        """From now on these lines hold, and no others; a reader sees the file before or after."""
        fresh = self.control.with_suffix(".new")
        fresh.write_text("".join(f"{line}\n" for line in lines))
        fresh.replace(self.control)


def build(folder: Path) -> Path:
    """Compile the library into the folder. Raises CalledProcessError where gcc refuses."""
    library = folder / "libnvidia-ml.so.1"
    words = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", str(SOURCE)]
    subprocess.run([*words, "-o", str(library)], check=True)
    return folder
