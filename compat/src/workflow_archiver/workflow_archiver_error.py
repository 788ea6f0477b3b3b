"""`workflow_archiver.workflow_archiver_error`."""


class WorkflowArchiverError(Exception):
    """An option that makes no archive; the text names it and its value."""
