"""The documentation's pictures: in, the screenshots of the tests in a browser; out, docs/console-*.png, cut and small.

Called by `make console-pictures`, in the environment of these tests.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_COLOURS = 256  # a page has few: a third of the size, and no difference to be seen


@dataclass(frozen=True)
class Picture:
    """A screenshot, by its name, and how much of it from the top is shown, in pixels; None: all."""

    name: str
    height: int | None


PICTURES = (Picture("overview-light", 1240), Picture("model-dark", 1180), Picture("overview-narrow", 1100))


def main(source: Path, target: Path) -> None:
    """Write them all."""
    for picture in PICTURES:
        with Image.open(source / f"{picture.name}.png") as whole:
            cut = whole.crop((0, 0, whole.width, min(picture.height or whole.height, whole.height)))
            few = cut.convert("RGB").quantize(_COLOURS, kmeans=3)
            few.save(target / f"console-{picture.name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
