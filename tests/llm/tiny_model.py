"""Makes the language model that the tests serve: tiny, random and the same each time.

In: an empty directory. Out: a model in it as `save_pretrained` leaves one, which vLLM takes in a moment: two layers, weights
of a fixed seed, a byte-level BPE tokenizer of 512 words trained on three sentences, a chat template.
"""

import json
from pathlib import Path

SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "a model server you can see into",
    "hello world, how are you today?",
)
# Roles and texts as they are, so that a test can count what the template adds.
CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
WORDS = 512
HIDDEN = 128
ADAPTED = ("q_proj", "o_proj")
# Long enough for an answer that lasts several seconds, which a client can leave.
POSITIONS = 2048


def make_model(directory: Path, *, layers: int = 2) -> Path:
    """Write the model's and the tokenizer's files; returns the directory."""
    _tokenizer(directory)
    _weights(directory, layers)
    return directory


def _tokenizer(directory: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytewise = Tokenizer(models.BPE())
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bytewise.train_from_iterator(SENTENCES * 20, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytewise, bos_token="<s>", eos_token="</s>", pad_token="<pad>", chat_template=CHAT_TEMPLATE
    )
    tokenizer.save_pretrained(directory)


def _weights(directory: Path, layers: int) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    configuration = LlamaConfig(
        vocab_size=WORDS,
        hidden_size=HIDDEN,
        intermediate_size=256,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=POSITIONS,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        dtype="float32",
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(configuration).save_pretrained(directory)


def make_adapter(directory: Path, *, layers: int = 2, rank: int = 8) -> Path:
    """Write a LoRA adapter of such a model, in the form of the `peft` library; returns the directory.

    Its weights are large for an adapter, so that it answers otherwise than the model alone.
    """
    import torch
    from safetensors.torch import save_file

    draw = torch.Generator().manual_seed(1)
    weights = {}
    for layer in range(layers):
        for name in ADAPTED:
            place = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{place}.lora_A.weight"] = torch.randn(rank, HIDDEN, generator=draw)
            weights[f"{place}.lora_B.weight"] = torch.randn(HIDDEN, rank, generator=draw)
    directory.mkdir()
    save_file(weights, directory / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": None,
        "bias": "none",
        "lora_alpha": 2 * rank,
        "r": rank,
        "target_modules": list(ADAPTED),
    }
    (directory / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return directory


def make_embedder(directory: Path) -> Path:
    """Write a model that gives embeddings, of the kind of BERT, with the same tokenizer; returns the directory."""
    import torch
    from transformers import BertConfig, BertModel

    _tokenizer(directory)
    configuration = BertConfig(
        vocab_size=WORDS,
        hidden_size=HIDDEN,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        pad_token_id=2,
        dtype="float32",
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(configuration).save_pretrained(directory)
    return directory
