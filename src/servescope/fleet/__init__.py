"""Workers: launching them, talking to them, keeping as many alive as a model wants."""
