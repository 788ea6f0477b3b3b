"""What a row carries. Called by the default handlers."""


def payload_of(row):
    """A row's field `data`, else `body`; what is no dict is the payload itself."""
    if not isinstance(row, dict):
        return row
    data = row.get("data")
    return row.get("body") if data is None else data
