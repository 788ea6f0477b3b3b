"""Integrated gradients: how much each input value adds to a prediction. Called by `vision_handler`.

After Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (2017).
"""

import torch


def integrated_gradients(model, inputs, target, steps=50):
    """Attributions of the shape of `inputs` [batch, …] for output column `target`, from a baseline of zeros.

    The integral is taken by the midpoint rule at `steps` points, one forward and backward pass each.
    """
    total = torch.zeros_like(inputs)
    with torch.enable_grad():
        for step in range(steps):
            point = (inputs.detach() * ((step + 0.5) / steps)).requires_grad_(True)
            score = model(point)[:, target].sum()
            total += torch.autograd.grad(score, point)[0]
    return inputs.detach() * total / steps
