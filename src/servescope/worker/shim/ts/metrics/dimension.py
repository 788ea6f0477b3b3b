"""`ts.metrics.dimension`: a label of a custom metric."""


class Dimension:
    """A label's name and its value."""

    def __init__(self, name, value) -> None:
        self.name = name
        self.value = value

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"

    def to_dict(self):
        """The two under TorchServe's keys."""
        return {"Name": self.name, "Value": self.value}
