"""The image handlers on generated pictures, against the same arithmetic done by hand."""

import base64
import io

import numpy
import pytest
import torch
from PIL import Image


def picture(width, height, mode="RGB"):
    """A picture of noise as PNG bytes."""
    generator = numpy.random.default_rng(3)
    pixels = generator.integers(0, 256, (height, width, 3), dtype=numpy.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def by_hand(png):
    """ImageNet's evaluation input by numpy: shorter side 256, middle 224, normalised."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.BILINEAR)
    top, left = round((image.height - 224) / 2), round((image.width - 224) / 2)
    pixels = numpy.asarray(image, dtype=numpy.float32)[top : top + 224, left : left + 224] / 255
    normal = (pixels - numpy.array([0.485, 0.456, 0.406])) / numpy.array([0.229, 0.224, 0.225])
    return torch.tensor(normal.transpose(2, 0, 1), dtype=torch.float32)


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.conv = torch.nn.Conv2d(3, 7, 8, stride=8)

    def forward(self, x):
        return self.conv(x).mean(dim=(2, 3))


class Segmenter(Classifier):
    def forward(self, x):
        return {"out": self.conv(x)}


class Detector(torch.nn.Module):
    """Finds one thing a picture, as wide as it is, and one it is unsure of."""

    def forward(self, pictures: list[torch.Tensor]):
        found: list[dict[str, torch.Tensor]] = []
        for one in pictures:
            whole = torch.tensor([0.0, 0.0, float(one.shape[2]), float(one.shape[1])])
            boxes = torch.stack([whole, whole / 2])
            found.append({"boxes": boxes, "labels": torch.tensor([1, 2]), "scores": torch.tensor([0.75, 0.25])})
        return found


def pack(model, module, handler):
    torch.jit.script(module.eval()).save(str(model.directory / "model.pt"))
    model.manifest["model"]["serializedFile"] = "model.pt"
    return model.load(handler=handler)


@pytest.mark.parametrize(
    ("width", "height", "mode"), [(300, 400, "RGB"), (500, 260, "RGBA"), (90, 80, "L"), (256, 256, "P")]
)
def test_the_classifiers_input_is_imagenets(width, height, mode):
    """Pictures of all shapes and modes become the tensor that numpy makes of them."""
    from ts.torch_handler.images import imagenet_input

    png = picture(width, height, mode)
    torch.testing.assert_close(imagenet_input(Image.open(io.BytesIO(png))), by_hand(png), rtol=1e-5, atol=1e-5)


def test_a_picture_of_16_bits_is_the_one_of_8_bits():
    """Its values are scaled and not cut off; of a picture whose range is not known nothing is guessed."""
    from ts.torch_handler.images import imagenet_input

    grey = numpy.random.default_rng(3).integers(0, 256, (256, 300), dtype=numpy.uint8)
    wide = Image.fromarray(grey.astype(numpy.uint16) * 257)
    assert wide.mode == "I;16"
    assert torch.equal(imagenet_input(wide), imagenet_input(Image.fromarray(grey)))
    for kind in (numpy.int32, numpy.float32):
        with pytest.raises(ValueError, match="no known range"):
            imagenet_input(Image.fromarray(grey.astype(kind)))


def test_the_classifier_names_the_five_likeliest_classes(model):
    """Bytes in `body`, base64 in `data`: the same answer as torch, labels from index_to_name.json."""
    model.write_json("index_to_name.json", {str(n): f"kind {n}" for n in range(6)})
    handler, context = pack(model, Classifier(), "image_classifier")
    png = picture(300, 400)
    answers = handler.entry([{"body": bytearray(png)}, {"data": base64.b64encode(png).decode()}], context)
    shares = torch.softmax(Classifier().eval()(by_hand(png)[None]), dim=1)[0]
    best = torch.argsort(shares, descending=True)[:5].tolist()
    names = [f"kind {n}" if n < 6 else str(n) for n in best]
    assert list(answers[0]) == names
    assert answers[0] == pytest.approx({name: shares[n].item() for name, n in zip(names, best, strict=True)}, rel=1e-4)
    assert answers[1] == answers[0]


def test_the_classifier_explains_by_integrated_gradients(model):
    """For a linear model each pixel's attribution is exactly its share of the logit."""
    handler, context = pack(model, Classifier(), "image_classifier")
    pixels = by_hand(picture(256, 256))
    context = model.context([{"explain": "True"}])
    (answer,) = handler.entry([{"data": pixels.tolist(), "target": 3}], context)
    network = Classifier().eval()
    with torch.inference_mode():
        gain = network(pixels[None])[0, 3] - network(torch.zeros_like(pixels)[None])[0, 3]
    assert torch.tensor(answer).shape == pixels.shape
    torch.testing.assert_close(torch.tensor(answer).sum(), gain, rtol=1e-3, atol=1e-4)


def test_the_segmenter_gives_class_and_probability_of_each_pixel(model):
    """[height, width, 2] a request."""
    handler, context = pack(model, Segmenter(), "image_segmenter")
    png = picture(300, 300)
    (answer,) = handler.entry([{"body": png}], context)
    shares = torch.softmax(Segmenter().eval()(by_hand(png)[None])["out"], dim=1)[0]
    probabilities, classes = shares.max(dim=0)
    answer = torch.tensor(answer)
    assert answer.shape == (28, 28, 2)
    assert torch.equal(answer[..., 0].long(), classes)
    torch.testing.assert_close(answer[..., 1], probabilities, rtol=1e-4, atol=1e-5)


def test_the_detector_keeps_what_it_is_sure_of_in_pictures_of_any_size(model):
    """Scores of a half and more, labels named; the pictures of a batch differ in size."""
    model.write_json("index_to_name.json", {"1": "cat"})
    handler, context = pack(model, Detector(), "object_detector")
    assert handler.entry([{"body": picture(30, 20)}, {"data": picture(40, 50)}], context) == [
        [{"cat": [0.0, 0.0, 30.0, 20.0], "score": 0.75}],
        [{"cat": [0.0, 0.0, 40.0, 50.0], "score": 0.75}],
    ]


def test_what_is_no_picture_is_refused(model):
    """By Pillow's own error, or by one that names the fields."""
    handler, context = pack(model, Classifier(), "image_classifier")
    with pytest.raises(OSError, match="cannot identify image"):
        handler.entry([{"body": b"no picture"}], context)
    with pytest.raises(ValueError, match=r"data or body.*\['other'\]"):
        handler.entry([{"other": 1}], context)


@pytest.mark.parametrize("limited", [True, False])
def test_limit_max_image_pixels_decides_whether_pillow_guards_against_bombs(model, monkeypatch, limited):
    """Off, Pillow's own limit is lifted for this worker."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    torch.jit.script(Classifier().eval()).save(str(model.directory / "model.pt"))
    model.manifest["model"]["serializedFile"] = "model.pt"
    context = model.context()
    context.system_properties["limit_max_image_pixels"] = limited
    from ts.torch_handler.image_classifier import ImageClassifier

    handler = ImageClassifier()
    handler.initialize(context)
    rows = [{"body": picture(60, 60)}]
    if limited:
        with pytest.raises(Image.DecompressionBombError):
            handler.handle(rows, context)
    else:
        assert len(handler.handle(rows, context)) == 1


def test_a_handler_may_explain_by_captum_itself(model):
    """`ig` is captum's, as in TorchServe; by its default settings it gives what `get_insights` gives, nearly."""
    handler, _ = pack(model, Classifier(), "image_classifier")
    classifier = handler.entry.__self__
    pixels = by_hand(picture(256, 256))[None]
    own = torch.tensor(classifier.get_insights(pixels, None, 2))
    torch.testing.assert_close(classifier.ig.attribute(pixels, target=2).float(), own, rtol=1e-3, atol=1e-5)
    assert classifier.ig is classifier.ig


@pytest.mark.parametrize("script", [torch.jit.script, None])
def test_a_detector_is_given_what_it_takes(model, script):
    """A scripted one that takes a list is given one; another, a tensor, as TorchServe gives it."""

    class Shapes(torch.nn.Module):
        def forward(self, pictures):
            self.seen = tuple(pictures.shape)
            return [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "scores": torch.zeros(0)} for _ in pictures]

    from ts.torch_handler.object_detector import ObjectDetector

    detector = ObjectDetector()
    detector.context, detector.device = model.context(), torch.device("cpu")
    detector.model = script(Detector()) if script else Shapes()
    pictures = detector.preprocess([{"body": picture(30, 20)}, {"body": picture(30, 20)}])
    assert pictures.shape == (2, 3, 20, 30)
    found = detector.inference(pictures)
    assert len(found) == 2
    assert script or detector.model.seen == (2, 3, 20, 30)
