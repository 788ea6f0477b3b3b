"""`ts.torch_handler.dali_image_classifier`: as `image_classifier`, on a DALI pipeline."""

from ts.torch_handler.dali_handler import DALIHandler
from ts.torch_handler.image_classifier import ImageClassifier


class DALIImageClassifier(DALIHandler):
    """For models that give logits [batch, classes]; index_to_name.json names the classes."""

    topk = ImageClassifier.topk
    set_max_result_classes = ImageClassifier.set_max_result_classes
    get_max_result_classes = ImageClassifier.get_max_result_classes
    postprocess = ImageClassifier.postprocess
