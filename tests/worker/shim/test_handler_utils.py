"""What handlers import from ts.handler_utils, ts.utils, ts.metrics, ts.service and ts.protocol."""

import importlib
import json
import re

import pytest
import torch
from ts.handler_utils.hf_batch_streamer import TextIteratorStreamerBatch
from ts.handler_utils.utils import import_class, send_intermediate_predict_response
from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric
from ts.metrics.unit import Units
from ts.service import PredictionException, Service
from ts.utils.util import check_valid_pt2_backend, get_yaml_config, load_label_mapping, map_class_to_label

from worker.conftest import context_of

NAMES = [
    "ts.arg_parser:ArgParser",
    "ts.async_service:AsyncService",
    "ts.model_loader:TsModelLoader",
    "ts.protocol.otf_message_handler:retrieve_msg",
    "ts.service:emit_metrics",
    "ts.torch_handler.base_handler:BaseHandler",
    "ts.torch_handler.densenet_handler:DenseNetHandler",
    "ts.torch_handler.text_handler:CONTRACTIONS_PATTERN",
    "ts.handler_utils.text_utils:ngrams_iterator",
    "ts.utils.util:CLEANUP_REGEX",
    "ts.torch_handler.vision_handler:VisionHandler",
    "ts.torch_handler.image_classifier:ImageClassifier",
    "ts.torch_handler.object_detector:ObjectDetector",
    "ts.torch_handler.image_segmenter:ImageSegmenter",
    "ts.torch_handler.text_handler:TextHandler",
    "ts.torch_handler.text_classifier:TextClassifier",
    "ts.torch_handler.request_envelope.base:BaseEnvelope",
    "ts.torch_handler.request_envelope.body:BodyEnvelope",
    "ts.torch_handler.request_envelope.json:JSONEnvelope",
    "ts.torch_handler.request_envelope.kserve:KServeEnvelope",
    "ts.torch_handler.request_envelope.kservev2:KServev2Envelope",
    "ts.context:Context",
    "ts.context:RequestProcessor",
    "ts.handler_utils.timer:timed",
    "ts.handler_utils.micro_batching:MicroBatching",
    "ts.metrics.metric_type_enum:MetricTypes",
    "ts.metrics.caching_metric:CachingMetric",
    "ts.metrics.metric_cache_errors:MetricsCacheKeyError",
    "ts.service:PredictionException",
    "ts.utils.util:PredictionException",
    "ts.utils.util:list_classes_from_module",
    "ts.version:__version__",
    "ts.metrics.metrics_store:MetricsStore",
    "ts.model_service.model_service:ModelService",
    "ts.metrics.metric_cache_yaml_impl:MetricsCacheYamlImpl",
    "ts.metrics.metric_cache_abstract:MetricCacheAbstract",
    "ts.metrics.metric_abstract:MetricAbstract",
    "ts.metrics.metric_encoder:MetricEncoder",
    "ts.metrics.process_memory_metric:get_cpu_usage",
    "ts.metrics.process_memory_metric:check_process_mem_usage",
    "ts.metrics.system_metrics:collect_all",
    "ts.metrics.metric_collector:collect",
    "ts.metrics.metric_cache_errors:GeneralMetricsCacheError",
    "ts.metrics.metric_cache_errors:MetricsCacheIOError",
    "ts.metrics.metric_cache_errors:MetricsCachePyYamlError",
    "ts.handler_utils.distributed.deepspeed:get_ds_engine",
    "ts.handler_utils.distributed.deepspeed:create_checkpoints_json",
    "ts.handler_utils.distributed.pt_pippy:initialize_rpc_workers",
    "ts.handler_utils.distributed.pt_pippy:get_pipeline_driver",
    "ts.handler_utils.preprocess.dali:get_dali_pipeline",
    "ts.utils.timeit_decorator:timeit",
    "ts.utils.hf_utils:download_model",
    "ts.utils.util:deprecated",
    "ts.torch_handler.dali_handler:DALIHandler",
    "ts.torch_handler.dali_image_classifier:DALIImageClassifier",
    "ts.torch_handler.trt_llm_handler:TRTLLMHandler",
    "ts.torch_handler.distributed.base_pippy_handler:BasePippyHandler",
    "ts.torch_handler.distributed.base_deepspeed_handler:BaseDeepSpeedHandler",
    "ts.torch_handler.base_handler:PROFILER_AVAILABLE",
    "ts.torch_handler.base_handler:XLA_AVAILABLE",
    "ts.torch_handler.base_handler:PT2_AVAILABLE",
    "ts.torch_handler.base_handler:PT230_AVAILABLE",
    "ts.torch_handler.base_handler:IPEX_AVAILABLE",
    "ts.torch_handler.base_handler:ONNX_AVAILABLE",
    "ts.torch_handler.base_handler:setup_ort_session",
    "ts.torch_handler.base_handler:list_classes_from_module",
    "ts.model_loader:ModelLoaderFactory",
    "ts.model_loader:TsModelLoader",
    "ts.model_service.model_service:SingleNodeService",
    "ts.torch_handler.unit_tests.test_utils.mock_context:MockContext",
    "ts.torch_handler.unit_tests.test_utils.model_dir:copy_files",
    "ts.torch_handler.unit_tests.test_utils.model_dir:download_model",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_names_that_handlers_import_are_there(name):
    """The paths are TorchServe's."""
    module, _, attribute = name.partition(":")
    assert hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("module", ["ts.handler_utils.utils", "ts.protocol.otf_message_handler"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_piece_of_an_answer_goes_through_the_context(module):
    """Both of TorchServe's homes of the function lead to the session."""
    sent = []
    context = context_of()
    context.send_partial = lambda outputs, code: sent.append((outputs, code))
    send = importlib.import_module(module).send_intermediate_predict_response
    send(["piece"], context.request_ids, "Intermediate Prediction success", 200, context)
    assert sent == [(["piece"], 200)]


def test_a_piece_without_a_session_is_an_error():
    """Where nobody would receive it."""
    with pytest.raises(RuntimeError, match="send_intermediate_predict_response"):
        send_intermediate_predict_response(["x"], {}, "", 200, context_of())


class Letters:
    """A tokenizer whose tokens are code points."""

    def decode(self, tokens, **_):
        return "".join(map(chr, tokens))


def test_the_streamer_gives_whole_words_of_each_sequence():
    """The prompt is skipped, a word waits for the blank after it, the rest comes at the end."""
    streamer = TextIteratorStreamerBatch(Letters(), batch_size=2, skip_prompt=True)
    streamer.put(torch.zeros(2, 3, dtype=torch.long))
    for one, other in zip("ab c", "x\ny世", strict=True):
        streamer.put(torch.tensor([ord(one), ord(other)]))
    streamer.end()
    pieces = list(streamer)
    texts = [[one["text"] for one in piece] for piece in pieces]
    assert ["".join(of) for of in zip(*texts, strict=True)] == ["ab c", "x\ny世"]
    assert texts == [["", ""], ["", "x\n"], ["ab ", ""], ["", "y世"], ["c", ""]]
    with pytest.raises(ValueError, match="batch_size=2 was given 3"):
        streamer.put(torch.tensor([1, 2, 3]))


@pytest.mark.parametrize(
    ("content", "mapping"),
    [
        ({"0": "a"}, {"0": "a"}),
        ({"0": ["n01", "a"]}, {"0": "a"}),
        ({"object_type_names": ["a", "b"]}, {"0": "a", "1": "b"}),
    ],
)
def test_label_mappings_of_all_forms(tmp_path, content, mapping):
    """As TorchServe read them."""
    path = tmp_path / "index_to_name.json"
    path.write_text(json.dumps(content))
    assert load_label_mapping(path) == mapping


@pytest.mark.parametrize("content", [["a"], {"0": 1}, {"0": []}, {"object_type_names": 3}])
def test_other_label_mappings_are_refused_by_name(tmp_path, content):
    """The file is named."""
    path = tmp_path / "index_to_name.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"index_to_name\.json"):
        load_label_mapping(path)
    assert load_label_mapping(tmp_path / "absent.json") is None


def test_classes_get_their_labels():
    """By their number where it is given, else by their place; a class without a label keeps its number."""
    assert map_class_to_label([[0.1, 0.9]], {"4": "a"}, [[4, 7]]) == [{"a": 0.1, "7": 0.9}]
    assert map_class_to_label([[0.1, 0.9]]) == [{"0": 0.1, "1": 0.9}]
    with pytest.raises(TypeError, match="not int"):
        map_class_to_label(3)


def test_small_parts(tmp_path):
    """Dimension, Metric, Units, Service, the exception, back ends, YAML and classes by name."""
    assert str(Dimension("a", 1)) == "a:1"
    assert Dimension("a", 1).to_dict() == {"Name": "a", "Value": 1}
    metric = Metric("n", 1, "ms", [Dimension("a", "b")], "rid", "counter")
    metric.update(2)
    assert metric.to_dict()["Value"] == 3
    assert str(metric).startswith("n.Milliseconds:3|#a:b|#hostname:")
    metric.reset()
    assert metric.value == 0
    assert Units().units[None] == "unit"
    error = PredictionException("wrong", 422)
    assert (str(error), error.message, error.error_code) == ("wrong : 422", "wrong", 422)
    assert check_valid_pt2_backend("inductor")
    assert not check_valid_pt2_backend("warp")
    (tmp_path / "a.yaml").write_text("a: [1]")
    assert get_yaml_config(tmp_path / "a.yaml") == {"a": [1]}
    assert import_class("metric.Metric", "ts.metrics") is Metric
    with pytest.raises(ImportError, match=r"'Nope' in ts\.metrics\.metric"):
        import_class("ts.metrics.metric.Nope")


def test_a_tokenizer_is_torchtexts(model):
    """By blanks, as plain English with marks apart, or a function of the caller's; another name is refused."""
    from ts.handler_utils.text_utils import get_tokenizer, ngrams_iterator

    english = get_tokenizer("basic_english")
    text = 'You\'re: "here"<br />(yes), no; a.b <br" /> Why?!'
    assert english(text) == ["you", "'", "re", "here", "(", "yes", ")", ",", "no", "a", ".", "b", "why", "?", "!"]
    assert get_tokenizer(None)("A  b\tc") == ["A", "b", "c"]
    assert get_tokenizer(list) is list
    with pytest.raises(ValueError, match="'spacy'"):
        get_tokenizer("spacy")
    assert list(ngrams_iterator(["here", "we", "are"], 2)) == ["here", "we", "are", "here we", "we are"]


def test_a_deprecated_function_warns(model):
    """`ts.utils.util.deprecated`, with the class that is asked for."""
    from ts.utils.util import deprecated

    @deprecated(1.0, "elsewhere", DeprecationWarning)
    def old(value):
        """Kept."""
        return value + 1

    with pytest.warns(DeprecationWarning, match=r"old is deprecated in 1\.0 and moved to elsewhere"):
        assert old(1) == 2
    assert old.__doc__ == "Kept."


def test_a_service_has_what_its_manifest_names(tmp_path):
    """The version that handlers compare with, and the whole of model-config.yaml."""
    import ts

    (tmp_path / "c.yaml").write_text("handler: {size: 3}")
    service = Service("m", str(tmp_path), {"model": {"configFile": "c.yaml"}}, None, None, 1)
    assert service.context.model_yaml_config == {"handler": {"size": 3}}
    assert service.context.system_properties["server_version"] == ts.__version__ == "0.12.0"
    assert Service("m", str(tmp_path), None, None, None, 1).context.model_yaml_config == {}


def test_timeit(capsys):
    """A line with the function's name at each call, and its answer."""
    from ts.utils.timeit_decorator import timeit

    @timeit
    def double(number, *, more=0):
        """Twice it."""
        return 2 * number + more

    assert double(2, more=1) == 5
    assert double.__doc__ == "Twice it."
    assert re.fullmatch(
        r"func: 'double' took a total of \d\.\d{4} sec to run and \d\.\d{4} sec of CPU time\n", capsys.readouterr().out
    )
