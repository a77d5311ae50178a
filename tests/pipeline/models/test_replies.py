"""Whatever a server sends: readers raise their own errors and no others, and no unknown word is good."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asid.pipeline.asking.exchange import read, spoken
from asid.pipeline.models.base import (
    BadRequest,
    InvalidAnswer,
    Misconfigured,
    ModelError,
    Refused,
    Response,
    Suspended,
    Transient,
    Unreadable,
)
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.faults import classify, codes, error_in
from asid.pipeline.models.jsons import parse
from asid.pipeline.models.providers.batch_apis import (
    GeminiBatches,
    OpenAIBatches,
    _inside,
    gemini_error,
    refused_job,
)
from asid.pipeline.models.providers.gemini import GeminiModel, read_generated, retry_delay
from asid.pipeline.models.providers.openai import OpenAIModel, error_body, pause_of, read_chat, reset_of
from asid.pipeline.models.providers.vllm import read_output
from asid.pipeline.models.replies import finish_of, load, without_reasoning
from asid.pipeline.models.waits import retry_after, seconds_until
from asid.pipeline.storage import Storage
from tests.kits.modelkit import Caption
from tests.servers.shapes import chat, generated

TEXT = st.text(st.characters(codec=None), max_size=20)  # lone surrogates too
WORDS = st.sampled_from(
    [
        "choices",
        "message",
        "content",
        "finish_reason",
        "error",
        "code",
        "type",
        "usage",
        "prompt_tokens",
        "candidates",
        "parts",
        "text",
        "finishReason",
        "usageMetadata",
        "promptTokenCount",
        "promptTokensDetails",
        "modality",
        "model",
        "promptFeedback",
        "blockReason",
        "custom_id",
        "response",
        "status_code",
        "body",
        "metadata",
        "key",
        "details",
        "base_resp",
        "innererror",
        "headers",
        "X-RateLimit-Reset",
        "errors",
        "data",
        "line",
        "retryDelay",
        "inlinedResponses",
        "output",
        "caption",
        "refusal",
        "thought",
        "@type",
        "modelVersion",
        "object",
        "stop",
        "STOP",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=6), max_leaves=30
)


def changed(whole: Any, place: int, value: Any) -> Any:
    """A good body with one of its values replaced."""
    spots: list[tuple[Any, Any]] = []

    def walk(one: Any) -> None:
        for name in one if isinstance(one, dict) else range(len(one)):
            spots.append((one, name))
            if isinstance(one[name], (dict, list)):
                walk(one[name])

    copy = json.loads(json.dumps(whole))
    walk(copy)
    where, name = spots[place % len(spots)]
    where[name] = value
    return copy


@pytest.fixture(scope="module")
def batches() -> tuple[OpenAIBatches, GeminiBatches]:
    config = {"model": "tiny", "base_url": "http://127.0.0.1:1"}
    storage = Storage("/nonexistent")
    return (
        OpenAIBatches(OpenAIModel(ModelConfig(provider="openai", **config), storage)),
        GeminiBatches(GeminiModel(ModelConfig(provider="gemini", **config), storage)),
    )


def check(response: Response) -> None:
    """What a reader gives can be stored, as it is or as an answer that is not taken."""
    response.model_copy(update={"text": ""}).model_dump_json()


@settings(max_examples=300, deadline=None)
@given(VALUES, st.integers(0, 50))
def test_readers_of_replies_raise_their_own_errors_alone(value: Any, place: int) -> None:
    for reader, whole in ((read_chat, chat()), (read_generated, generated())):
        for body in (value, changed(whole, place, value)):
            try:
                check(reader(body, "openai", "m") if reader is read_chat else reader(body, "m"))  # type: ignore[operator]
            except ModelError as error:
                str(error).encode()


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(0, 50))
def test_readers_of_batches_lose_one_row_at_most(
    batches: tuple[OpenAIBatches, GeminiBatches], value: Any, place: int
) -> None:
    openai, gemini = batches
    line = {"custom_id": "a", "error": None, "response": {"status_code": 200, "body": chat()}}
    for one in (value, changed(line, place, value)):
        key, result = openai._result(json.dumps(one).encode())
        assert isinstance(key, str)
        assert isinstance(result, (Response, ModelError))
    if isinstance(value, dict):
        assert isinstance(gemini._result(value), (Response, ModelError))
        assert isinstance(_inside(value), list)
        assert isinstance(refused_job(value, ("a", "b")), dict)
    assert isinstance(gemini_error(value), ModelError)


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(-1, 700))
def test_errors_are_classed_whatever_is_in_them(value: Any, status: int) -> None:
    assert isinstance(classify(status, value, ""), ModelError)
    assert isinstance(codes(value)[0], set)
    error_in(value)
    reset_of(value)
    retry_delay(value)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_bytes_are_a_value_or_unreadable(body: bytes) -> None:
    error_body(body)
    try:
        load(body)
    except Unreadable as error:
        str(error).encode()


@settings(max_examples=300, deadline=None)
@given(TEXT | VALUES.map(json.dumps) | VALUES.map(lambda value: f"<think>{json.dumps(value)}"), st.text("{}[]\"',:a1 "))
def test_answers_are_values_or_invalid(text: str, tail: str) -> None:
    for one in (text, text + tail, tail + text):
        without_reasoning(one)
        for form in (None, Caption):
            try:
                read(one, form)
            except InvalidAnswer:
                pass
            else:
                json.dumps(read(one, form)[0] if form is None else read(one, form)[0].model_dump()).encode()


@given(TEXT | st.from_regex(r"[0-9]{1,30}(\.[0-9]+)?"), st.floats(0, 1e12))
def test_waits_are_seconds_or_nothing(text: str, now: float) -> None:
    found = seconds_until(text, now)
    assert found is None or 0 <= found <= 1e10
    assert pause_of({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": text}) >= 0


# --- endings -----------------------------------------------------------------------------------------------------


@given(st.text(max_size=30) | LEAVES)
def test_an_unknown_ending_is_never_good(word: Any) -> None:
    good = ("stop", "eos", "eostoken", "stopsequence", "endturn")
    if word is not None and (not isinstance(word, str) or word.lower().translate({45: "", 95: "", 32: ""}) not in good):
        assert finish_of(word)[0] != "stop"


@pytest.mark.parametrize(
    ("word", "finish"),
    [("stop", "stop"), ("length", "length"), ("abort", "unknown"), ("error", "unknown"), ("repetition", "unknown"),
     (None, "unknown"), ("new", "unknown")],
)  # fmt: skip
def test_the_engine_of_vllm_is_believed_no_more_than_a_server(word: str | None, finish: str) -> None:
    output = SimpleNamespace(text="x", token_ids=[1], finish_reason=word)
    final = SimpleNamespace(outputs=[output], prompt_token_ids=[1, 2], num_cached_tokens=None)
    assert read_output(final, "m").finish == finish
    with pytest.raises(Unreadable):
        read_output(None, "m")


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "DataInspectionFailed"}, Refused), (403, {"code": "content_filter"}, Refused),
        (400, {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}, Refused),
        (403, {"metadata": {"flagged_input": "x", "reasons": ["y"]}}, Refused),
        (400, {"metadata": {"raw": '{"error": {"code": "SensitiveContentDetected"}}'}}, Refused),
        (400, {"code": "Arrearage"}, Suspended), (402, None, Suspended),
        (403, {"code": "AccountOverdueError"}, Suspended), (429, {"code": "insufficient_quota"}, Suspended),
        (403, {"code": "unsupported_country_region_territory"}, Suspended),
        (429, {"details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}]}, Suspended),
        (404, {"code": "file_not_found"}, BadRequest), (400, {"code": "invalid_image_url"}, BadRequest),
        (401, None, Misconfigured), (403, None, Misconfigured), (404, {"code": "model_not_found"}, Misconfigured),
        (400, {"code": "invalid_api_key"}, Misconfigured),
        (429, None, Transient), (400, {"code": "Throttling.RateQuota"}, Transient), (500, {"code": "x"}, Transient),
        # A code decides, and what the message says beside it does not; a prompt may stand in a message.
        (400, {"code": "bad_size", "message": "your content policy, daily quota, insufficient balance"}, BadRequest),
        (400, {"type": "invalid_request_error", "message": "insufficient balance"}, BadRequest),
    ],
)  # fmt: skip
def test_an_error_is_what_its_code_says(status: int, error: Any, kind: type[ModelError]) -> None:
    assert type(classify(status, {"error": error}, "")) is kind


# --- waits -------------------------------------------------------------------------------------------------------


def test_ten_digits_are_a_date() -> None:
    now = 1_800_000_000.0
    assert seconds_until("1800003600", now) == 3600
    assert seconds_until("1800003600000", now) == 3600
    assert seconds_until("1700000000", now) == 0
    assert seconds_until("7200", now) == 7200
    assert seconds_until("2027-01-15T09:00:00Z", now) == pytest.approx(3600, abs=1)
    assert seconds_until("24h0m0s", now) == 86400
    assert seconds_until("9" * 40, now) > 1e9  # type: ignore[operator]
    assert retry_after({"retry-after": "-5"}) is None


# --- reasoning and JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>so</think>\nAt 0s, a dog.", "\nAt 0s, a dog."), ("so</think>At 0s, a dog.", "At 0s, a dog."),
        ("<THINK>a<think>b</think>c</think>d", "d"), ("<think>so", None), (" <think>\nso </thin", None),
        ('<think>x</think>{"caption": "a sign: </think>"}', '{"caption": "a sign: </think>"}'),
        ('{"caption": "<think>"}', '{"caption": "<think>"}'), ("A sign says <think> big.", "A sign says <think> big."),
        ("[THINK]x[/THINK]y", "y"), ("◁think▷x◁/think▷y", "y"),
        ("<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>y<|return|>", "y"),
        ("<|channel|>analysis<|message|>x", None),
    ],
)  # fmt: skip
def test_reasoning_is_taken_off(text: str, left: str | None) -> None:
    assert without_reasoning(text) == left
    answer = spoken(Response(text=text, model="m", provider="openai"))
    assert (answer.text, answer.finish) == ((left, "stop") if left is not None else (text, "length"))


@pytest.mark.parametrize(
    "text",
    ['{"caption": "a"} {"caption": "b"}', '[{"caption": "a"}]', 'Sure:\n```json\n[{"caption": "a"}]\n```\n{"x":',
     'note {x}: {"caption": "a"}', '{"caption": "a", "caption": "a"}', '{"caption": "a",}', "{'caption': 'a'}"],
)  # fmt: skip
def test_what_can_be_read_safely_costs_no_second_call(text: str) -> None:
    assert read(text, Caption)[0] == Caption(caption="a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"caption": "a", "caption": "b"}', "stands twice"), ('{"caption": "a", "caption": "b",}', "stands twice"),
        ('[{"caption": "a"}, {"caption": "b"}]', "answer"), ('{"caption": NaN}', "no number"),
        ('{"caption": -Infinity}', "no number"), ('{"caption": 1e999}', "no number"),
        ('{"caption": 0.' + "3" * 1000 + "}", "1002 characters"),
        ('{"caption": ' + "7" * 9000 + "}", "9000 characters"),
        ("[" * 100_000, "too deep"), ('{"caption":' * 50_000, "too deep"),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", "."),
        ('{"a": {"caption": "inner"}, "b": "cut', "breaks off"), ("{" * 300_000, "."), ("{x}" * 100_000, "."),
        ('{"caption": "\\ud83d"}', "half a character"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_invalid_and_told(text: str, said: str) -> None:
    with pytest.raises(InvalidAnswer, match=said):
        read(text, Caption)


def test_a_key_that_stands_twice_for_one_value_is_told() -> None:
    assert parse('{"a": 1, "a": 1}') == ({"a": 1}, ("the key 'a' stood twice, with the same value",))
