"""`ts.metrics.unit`: short unit names → the long ones that metrics show."""

from servescope.worker.measuring.arguments import UNIT_NAMES


class Units:
    """Holds the map in `units`; None counts as no unit, as in TorchServe."""

    def __init__(self) -> None:
        self.units = {**UNIT_NAMES, None: "unit"}
