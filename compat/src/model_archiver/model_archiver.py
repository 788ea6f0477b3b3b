"""`model_archiver.model_archiver`."""

from .model_archiver_config import ModelArchiverConfig


class ModelArchiver:
    """Another way to call it."""

    @staticmethod
    def generate_model_archive(config: ModelArchiverConfig) -> None:
        """See `model_packaging.generate_model_archive`."""
        # Not at the top: `python -m model_archiver.model_packaging` would find itself imported.
        from .model_packaging import generate_model_archive

        generate_model_archive(config)
