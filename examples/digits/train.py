"""Trains a small network on scikit-learn's digits and saves what serving needs: `python train.py OUT`.

In: the 1,797 real 8×8 images of handwritten digits that scikit-learn carries (UCI's "Optical recognition of
handwritten digits"). Out, under OUT: `model.pt` (TorchScript, input float32 (N, 1, 8, 8) in 0–1, output logits (N,
10)) and `heldout/`, the quarter of the images that training never saw, each a PNG named `<number>-is-<digit>.png`.
Called by `servescope demo`.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

EPOCHS = 60
BATCH = 128
DARKEST = 16  # the data set counts ink from 0 to 16


def network() -> torch.nn.Sequential:
    """One hidden layer: 64 pixels → 128 → 10 logits."""
    return torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(64, 128),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(128, 10),
    )


def train(images: np.ndarray, digits: np.ndarray) -> torch.nn.Module:
    """A network trained on images (N, 8, 8) in 0–1 and their digits (N)."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the batches are too small to share out
    inputs = torch.from_numpy(images).unsqueeze(1)
    targets = torch.from_numpy(digits)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
    return model.eval()


def save_images(folder: Path, images: np.ndarray, digits: np.ndarray) -> None:
    """One PNG an image, white ink on black, its digit in its name; images of an earlier run are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*-is-*.png"):
        old.unlink()
    for number, (image, digit) in enumerate(zip(images, digits, strict=True)):
        Image.fromarray((image * 255).astype(np.uint8)).save(folder / f"{number:04d}-is-{digit}.png")


def main(out: Path) -> None:
    """Train on three quarters, keep one quarter for the demonstration."""
    data = load_digits()
    images = (data.images / DARKEST).astype(np.float32)
    seen, held_out, seen_digits, held_out_digits = train_test_split(
        images, data.target, test_size=0.25, random_state=0, stratify=data.target
    )
    model = train(seen, seen_digits)
    out.mkdir(parents=True, exist_ok=True)
    torch.jit.script(model).save(str(out / "model.pt"))
    save_images(out / "heldout", held_out, held_out_digits)
    print(f"trained on {len(seen)} images, kept {len(held_out)} for the test")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
