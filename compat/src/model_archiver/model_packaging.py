"""`model_archiver.model_packaging`; `python -m model_archiver.model_packaging` is the command."""

from servescope.cli.torchserve.model_archiver import generate_model_archive

__all__ = ["generate_model_archive"]

if __name__ == "__main__":
    generate_model_archive()
