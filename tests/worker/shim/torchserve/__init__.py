"""What TorchServe 0.12.0's default handlers answered: the models and inputs, the program that recorded it, the answers."""
