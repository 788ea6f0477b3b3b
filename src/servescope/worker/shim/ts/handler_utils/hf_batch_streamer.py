"""`ts.handler_utils.hf_batch_streamer`: the texts of a batch, as a Hugging Face model generates them.

A handler passes it to `model.generate(streamer=…)` on one thread and iterates over it on another. It has the methods
that transformers calls on a streamer, and so needs no import of transformers itself.
"""

import queue


class TextIteratorStreamerBatch:
    """Yields a list with `{"text": …}` for each sequence, the new part of it; "" where a sequence has nothing new.

    `timeout` is in seconds; None waits for ever. `decode_kwargs` go to the tokenizer's `decode`.
    """

    def __init__(self, tokenizer, batch_size=1, skip_prompt=False, timeout=None, **decode_kwargs) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size}: must be at least 1")
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.skip_prompt = skip_prompt
        self.timeout = timeout
        self.decode_kwargs = decode_kwargs
        self.text_queue: queue.Queue = queue.Queue()
        self.stop_signal = None
        self.token_cache: list[list[int]] = [[] for _ in range(batch_size)]
        self.print_len = [0] * batch_size
        self.next_tokens_are_prompt = True

    def put(self, value) -> None:
        """Take the prompt, or one new token a sequence: a tensor of shape [batch] or [batch, length].

        Raises:
            ValueError: another number of sequences.
        """
        rows = value.tolist()
        rows = rows if rows and isinstance(rows[0], list) else [[token] for token in rows]
        if len(rows) != self.batch_size:
            raise ValueError(f"a streamer for batch_size={self.batch_size} was given {len(rows)} sequences")
        is_prompt, self.next_tokens_are_prompt = self.next_tokens_are_prompt, False
        if is_prompt and self.skip_prompt:
            return
        self.on_finalized_text([self._append(place, tokens) for place, tokens in enumerate(rows)])

    def _append(self, place: int, tokens: list[int]) -> str:
        """The text that is certain now: up to a line's end, a wide character, or the last blank."""
        cache = self.token_cache[place]
        cache.extend(tokens)
        text = self.tokenizer.decode(cache, **self.decode_kwargs)
        start = self.print_len[place]
        if text.endswith("\n"):
            self.token_cache[place] = []
            self.print_len[place] = 0
            return text[start:]
        end = len(text) if text and _is_wide(text[-1]) else text.rfind(" ") + 1
        end = max(end, start)
        self.print_len[place] = end
        return text[start:end]

    def end(self) -> None:
        """Give out what was held back, and end the iteration."""
        texts = []
        for place, cache in enumerate(self.token_cache):
            text = self.tokenizer.decode(cache, **self.decode_kwargs) if cache else ""
            texts.append(text[self.print_len[place] :])
            self.token_cache[place] = []
            self.print_len[place] = 0
        self.next_tokens_are_prompt = True
        self.on_finalized_text(texts, stream_end=True)

    def on_finalized_text(self, text, stream_end: bool = False) -> None:
        """Pass one list of texts on; a subclass may look at it first."""
        self.text_queue.put(text, timeout=self.timeout)
        if stream_end:
            self.text_queue.put(self.stop_signal, timeout=self.timeout)

    def __iter__(self):
        return self

    def __next__(self):
        text = self.text_queue.get(timeout=self.timeout)
        if text == self.stop_signal:
            raise StopIteration
        return [{"text": one} for one in text]


def _is_wide(character: str) -> bool:
    """Whether it is a Chinese ideogram, which ends a word by itself."""
    code = ord(character)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x2FA1F
