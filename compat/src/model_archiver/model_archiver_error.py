"""`model_archiver.model_archiver_error`."""


class ModelArchiverError(Exception):
    """An option that makes no archive; the text names it and its value."""
