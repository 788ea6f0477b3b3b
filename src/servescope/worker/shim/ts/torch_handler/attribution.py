"""Integrated gradients: how much each input value adds to a prediction. Called by `vision_handler`.

After Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (2017). The numbers are those that captum gives
with TorchServe's settings.
"""

import numpy
import torch

STEPS = 15


def integrated_gradients(model, inputs, target, steps=STEPS):
    """Attributions of the shape of `inputs` [batch, …] for output column `target`, from a baseline of zeros.

    The integral is taken by the Gauss-Legendre rule at `steps` points, one forward and backward pass each.
    """
    total = torch.zeros_like(inputs)
    with torch.enable_grad():
        for node, weight in zip(*numpy.polynomial.legendre.leggauss(steps), strict=True):
            point = (inputs.detach() * ((node.item() + 1) / 2)).requires_grad_(True)
            score = model(point)[:, target].sum()
            total += torch.autograd.grad(score, point)[0] * (weight.item() / 2)
    return inputs.detach() * total
