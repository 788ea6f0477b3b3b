"""Pictures → tensors, with Pillow, numpy and torch alone. Called by the image handlers.

The arithmetic is that of torchvision's transforms on Pillow images, so that models trained with them see the same.
"""

import base64
import io

import numpy
import torch
from PIL import Image

RESIZE = 256
CROP = 224
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def open_image(payload):
    """A request's picture: bytes, or base64 text, possibly as a data URL.

    Raises:
        PIL.UnidentifiedImageError: no picture that Pillow knows.
    """
    if isinstance(payload, str):
        payload = base64.b64decode(payload.rpartition(",")[2])
    return Image.open(io.BytesIO(payload))


def resize_shorter(image, size):
    """The picture with its shorter side `size` pixels long, in proportion."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    other = int(size * long / short)
    target = (size, other) if width <= height else (other, size)
    return image if target == image.size else image.resize(target, Image.Resampling.BILINEAR)


def crop_centre(image, size):
    """The middle `size` × `size` pixels, of a picture that is at least as large."""
    width, height = image.size
    left = round((width - size) / 2)
    top = round((height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def to_rgb(image):
    """The picture in red, green and blue of 8 bits each.

    Raises:
        ValueError: its values have no range that is known, as of a TIFF of floats.
    """
    if image.mode in ("I", "F"):
        raise ValueError(
            f"a picture of mode {image.mode} has values of no known range: send one of 8 or 16 bits a channel"
        )
    if image.mode.startswith("I;16"):  # which Pillow would cut off at 255
        image = Image.fromarray((numpy.array(image) >> 8).astype(numpy.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")


def to_tensor(image):
    """A tensor [channels, height, width] with the picture's own channels: bytes as floats from 0 to 1, wider values as
    they are.
    """
    pixels = numpy.array(image.convert("L") if image.mode == "1" else image)
    if pixels.dtype == numpy.uint16:
        pixels = pixels.astype(numpy.int16)  # torchvision has them so
    tensor = torch.from_numpy(pixels.reshape(image.height, image.width, -1)).permute(2, 0, 1).contiguous()
    return tensor.to(torch.float32).div(255) if tensor.dtype == torch.uint8 else tensor


def normalise(tensor):
    """A tensor [3, h, w] less ImageNet's mean, over its standard deviation."""
    mean = torch.tensor(MEAN).view(3, 1, 1)
    std = torch.tensor(STD).view(3, 1, 1)
    return tensor.sub(mean).div(std)


def imagenet_input(image):
    """What ImageNet classifiers are evaluated on: shorter side 256, the middle 224 × 224, normalised."""
    return normalise(to_tensor(crop_centre(resize_shorter(to_rgb(image), RESIZE), CROP)))
