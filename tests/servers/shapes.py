"""Replies as servers really send them, one by one: what each holds, and what is to become of its row.

Outcomes: `answer`: the row is answered at once. `again`: asked again, and answered by the good reply that comes then;
where none comes, the row fails by kind. `refusal`, `truncated`, `invalid_answer`, `bad_request`: its row alone fails.
`stop`: the run ends, resumable.
"""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

Json = Any
GOOD = '{"caption": "At 0s, a person waits."}'
HALF = '{"caption": "HALF"}'  # looks whole, and is not
SPEND = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
COUNTS = {"promptTokenCount": 7, "candidatesTokenCount": 5}
MISSING = object()


@dataclass(frozen=True)
class Reply:
    """`body`: bytes, or a JSON value; `endless` repeats the bytes until the client goes away."""

    name: str
    outcome: str
    body: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def chat(content: Json = GOOD, finish: Json = "stop", **more: Json) -> Json:
    """A chat completion; `message`, `choice` and `body` replace parts of it, MISSING leaves one out."""
    message = {"role": "assistant", "content": content} | more.get("message", {})
    choice = {"index": 0, "finish_reason": finish, "message": message} | more.get("choice", {})
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "tiny-1", "choices": [choice],
            "usage": SPEND} | more.get("body", {})  # fmt: skip
    return _without(body)


def generated(text: Json = GOOD, finish: Json = "STOP", **more: Json) -> Json:
    """A generateContent reply; `candidate` and `body` replace parts of it."""
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish, "index": 0}
    candidate |= more.get("candidate", {})
    return _without({"candidates": [candidate], "usageMetadata": COUNTS, "modelVersion": "tiny-1"}
                    | more.get("body", {}))  # fmt: skip


def _without(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without(item) for name, item in value.items() if item is not MISSING}
    return [_without(item) for item in value] if isinstance(value, list) else value


def error(status: int, outcome: str, code: Json = None, kind: Json = None, name: str = "", **more: Json) -> Reply:
    body = {"error": {"message": more.pop("message", "no"), "type": kind, "code": code} | more.pop("error", {})}
    return Reply(name or f"{status} {code or kind or 'without a code'}", outcome, body, status, **more)


WORDS = {
    "answer": ("stop", None, "STOP"),
    "truncated": ("length", "max_tokens", "MAX_TOKENS", "model_context_window_exceeded", "model_length"),
    "refusal": ("content_filter", "sensitive", "SAFETY", "content-filter", "data_inspection_failed"),
    "again": ("abort", "error", "network_error", "a word nobody knows", "", "tool_calls", "null", "repetition",
              "insufficient_system_resource", 7, True, {}, ["stop"]),
}  # fmt: skip
GEMINI_WORDS = {
    "answer": ("STOP", None),
    "truncated": ("MAX_TOKENS", "length"),
    "refusal": ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
                "MODEL_ARMOR"),
    "again": ("OTHER", "FINISH_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "NO_IMAGE",
              "A_WORD_NOBODY_KNOWS", "", 7, {}, ["STOP"]),
}  # fmt: skip


def common(whole: Any) -> list[Reply]:
    """What both APIs send alike. `whole(text)`: the API's good body with that text."""
    good = json.dumps(whole(GOOD)).encode()
    hour = {"Retry-After": str(30 * 3600)}
    return [
        Reply("HTML", "again", b"<html><body>Bad gateway</body></html>", headers={"Content-Type": "text/html"}),
        Reply("nothing at all", "again", b""),
        Reply("null", "again", None),
        Reply("a list", "again", [1, 2]),
        Reply("a number", "again", 7),
        Reply("a string", "again", "ok"),
        Reply("an empty object", "again", {}),
        Reply("half of the body", "again", good[: len(good) // 2]),
        Reply("two bodies", "again", good + good),
        Reply("a stream of events", "again", b"data: " + good + b"\n\ndata: [DONE]\n\n"),
        Reply("bad UTF-8", "again", good.replace(b"person", b"p\xff\xfeson")),
        Reply("UTF-16", "again", good.decode().encode("utf-16")),
        Reply("NaN inside", "again", good.replace(b'"index": 0', b'"index": NaN')),
        Reply("nested without end", "again", b"[" * 200_000),
        Reply("objects nested without end", "again", b'{"a":' * 100_000),
        Reply("50 MB", "again", good[:-1] + b', "pad": "' + b"x" * (50 << 20) + b'"}'),
        Reply("a gzip bomb", "again", gzip.compress(b" " * (200 << 20)), headers={"Content-Encoding": "gzip"}),
        Reply("gzip that is none", "again", good, headers={"Content-Encoding": "gzip"}),
        Reply("half of a gzip", "again", gzip.compress(good)[:-12], headers={"Content-Encoding": "gzip"}),
        Reply("an unknown packing", "again", good, headers={"Content-Encoding": "zz"}),
        Reply("gzip", "answer", gzip.compress(good), headers={"Content-Encoding": "gzip"}),
        Reply("no end", "again", b'{"a": "' + b"x" * 65536, endless=True),
        Reply("a redirect to another host", "again", b"", 307, {"Location": "http://localhost:9/v1/elsewhere"}),
        Reply("a redirect without end", "again", b"", 307, {"Location": "?again"}),
        Reply("204", "again", b"", 204),
        Reply("408", "again", b"", 408), Reply("500 of HTML", "again", b"<html>", 500),
        Reply("500 of bad UTF-8", "again", b"\xff\xfe{", 500), Reply("502", "again", b"", 502),
        Reply("503", "again", {"error": {"code": 503, "status": "UNAVAILABLE"}}, 503), Reply("529", "again", b"", 529),
        Reply("429 without a word", "again", b"", 429),
        Reply("429 and a second", "again", b"", 429, {"Retry-After": "0.01"}),
        Reply("429 and 30 hours", "stop", b"", 429, hour),
        Reply("429 and seconds since 1970", "stop", b"", 429, {"Retry-After": str(int(time.time()) + 90_000)}),
        Reply("429 and a date", "stop", b"", 429, {"Retry-After": formatdate(time.time() + 90_000, usegmt=True)}),
        Reply("503 and 30 hours", "stop", b"", 503, hour),
        Reply("400 of null", "bad_request", None, 400), Reply("418", "bad_request", b"teapot", 418),
        Reply("400 nested without end", "bad_request", b"[" * 100_000, 400),
        Reply("401", "stop", b"", 401), Reply("402", "stop", b"", 402), Reply("403", "stop", b"", 403),
        Reply("404", "stop", b"", 404),
        Reply("reasoning before the answer", "answer", whole(f"<think>{{maybe}}</think>\n{GOOD}")),
        Reply("only the end of reasoning", "answer", whole(f"so {{it}} is\n</think>\n\n{GOOD}")),
        Reply("reasoning that does not end", "truncated", whole(f"<think>so {HALF}")),
        Reply("JSON in a fence", "answer", whole(f"Sure:\n```json\n{GOOD}\n```\nDone {{:")),
        Reply("a list of one object", "answer", whole(f"[{GOOD}]")),
        Reply("a key twice", "invalid_answer", whole('{"caption": "HALF", "caption": "two"}')),
        Reply("NaN for a text", "invalid_answer", whole('{"caption": NaN}')),
        Reply("JSON nested without end", "invalid_answer", whole('{"caption":' + "[" * 100_000)),
        Reply("JSON that breaks off", "invalid_answer", whole('{"caption": "HALF')),
        Reply("half an emoji", "invalid_answer", whole('{"caption": "HALF \\ud83d"}')),
        Reply("no text", "invalid_answer", whole("")),
    ]  # fmt: skip


def openai() -> list[Reply]:
    found = [
        Reply(f"finish {json.dumps(word)}", outcome, chat(GOOD if outcome == "answer" else HALF, word))
        for outcome, words in WORDS.items()
        for word in words
    ]
    half = {"body": chat(HALF)}
    found += [
        Reply("no finish", "answer", chat(choice={"finish_reason": MISSING})),
        Reply("an error beside the choice", "again", chat(HALF, None, choice={"error": {"code": 502, "message": "x"}})),
        Reply("moderation beside the choice", "refusal", chat(HALF, choice={"error": {"code": "content_filter"}})),
        Reply("a refusal", "refusal", chat(None, message={"refusal": "I won't."})),
        Reply("a refusal that is a number", "again", chat(HALF, message={"refusal": 7})),
        Reply("no choices", "again", chat(body={"choices": MISSING})),
        Reply("choices null", "again", chat(body={"choices": None})),
        Reply("choices empty", "again", chat(body={"choices": []})),
        Reply("choices of null", "again", chat(body={"choices": [None]})),
        Reply("choices an object", "again", chat(body={"choices": {"0": 1}})),
        Reply("no message", "again", chat(choice={"message": MISSING})),
        Reply("message null", "again", chat(choice={"message": None})),
        Reply("message a list", "again", chat(choice={"message": [1]})),
        Reply("content in parts", "answer", chat([{"type": "text", "text": GOOD[:9]}, {"text": GOOD[9:]}])),
        Reply("content of strings", "answer", chat([GOOD[:9], GOOD[9:]])),
        Reply("content with thoughts", "answer", chat([{"type": "thinking", "thinking": "hm"},
                                                       {"type": "output_text", "text": GOOD}])),
        Reply("content a number", "again", chat(7)), Reply("content true", "again", chat(True)),
        Reply("content with a picture", "again", chat([{"type": "image_url", "image_url": {}}])),
        Reply("content of null", "again", chat([None])),
        Reply("content null", "invalid_answer", chat(None)),
        Reply("half an emoji in the model's name", "answer", chat(body={"model": "tiny\ud800"})),
        Reply("half an emoji in the ending", "again", chat(HALF, "stop\ud800")),
        Reply("model null", "answer", chat(body={"model": None})),
        Reply("model a list", "answer", chat(body={"model": [1]})),
        Reply("no usage", "answer", chat(body={"usage": MISSING})),
        Reply("usage null", "answer", chat(body={"usage": None})),
        Reply("usage a list", "again", chat(body={"usage": [1]})),
        *(Reply(f"{shown} tokens", "again", chat(body={"usage": {"prompt_tokens": count}})) for shown, count in
          (("12.5", 12.5), ("-3", -3), ("'12'", "12"), ("true", True), ("10**30", 10**30), ("{}", {}))),
        Reply("12.0 tokens", "answer", chat(body={"usage": {"prompt_tokens": 12.0}})),
        Reply("details null", "answer", chat(body={"usage": SPEND | {"prompt_tokens_details": None}})),
        Reply("details a number", "again", chat(body={"usage": SPEND | {"prompt_tokens_details": 7}})),
        error(200, "again", name="200 with an error"),
        error(200, "refusal", "content_filter", name="200 with moderation"),
        error(200, "stop", "insufficient_quota", name="200 without credit"),
        error(200, "stop", 402, name="200 with the code 402"),
        error(200, "again", 429, name="200 with the code 429"),
        Reply("200 with an error of words", "again", {"error": "model crashed"}),
        Reply("200 with DashScope's moderation", "refusal", {"code": "DataInspectionFailed", "message": "x"}),
        Reply("200 with MiniMax's moderation", "refusal", {"base_resp": {"status_code": 1026, "status_msg": "x"}}),
        Reply("200 with MiniMax's balance", "stop", {"base_resp": {"status_code": 1008, "status_msg": "x"}}),
        Reply("200 of an old vLLM", "bad_request",
              {"object": "error", "message": "x", "type": "BadRequestError", "code": 400}),
        *(error(400, "refusal", code) for code in
          ("content_filter", "content_policy_violation", "moderation_blocked", "data_inspection_failed", "1301",
           "InputTextSensitiveContentDetected", "OutputVideoRiskDetection", "invalid_prompt")),
        error(400, "refusal", None, "content_filter"),
        error(400, "refusal", None, name="400 Azure's inner",
              error={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        error(403, "refusal", 403, name="403 OpenRouter's flag",
              error={"metadata": {"reasons": ["x"], "flagged_input": "y"}}),
        error(403, "refusal", name="403 in words", message="Content violates usage guidelines"),
        *(error(status, "stop", code) for status, code in
          ((429, "insufficient_quota"), (400, "Arrearage"), (403, "AccountOverdueError"), (429, "1113"),
           (429, "billing_hard_limit_reached"), (403, "unsupported_country_region_territory"),
           (400, "invalid_api_key"), (404, "model_not_found"),
           (403, "AllocationQuota.FreeTierOnly"), (429, "free-models-per-day"))),
        error(429, "stop", None, "exceeded_current_quota_error"),
        error(429, "again", "rate_limit_exceeded", "requests"), error(400, "again", "Throttling.RateQuota"),
        error(404, "bad_request", "file_not_found"), error(400, "bad_request", "invalid_image_url"),
        error(400, "bad_request", "context_length_exceeded"),
        error(400, "bad_request", None, "invalid_request_error", message="daily limit of the insufficient balance"),
        Reply("429 until tomorrow, by a gateway", "stop",
              {"error": {"code": 429, "metadata": {"headers": {"X-RateLimit-Remaining": "0",
               "X-RateLimit-Reset": str(int(time.time() + 90_000) * 1000)}}}}, 429),
        Reply("a good answer, and no more for a day", "answer", half["body"] | chat(),
              headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "24h0m0s"}),
    ]  # fmt: skip
    return found + common(chat)


def quota(name: str) -> Json:
    detail = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}
    return {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": [detail]}}


def told(status: int, outcome: str, word: str, reason: str = "", message: str = "x", delay: str = "") -> Reply:
    details: list[Json] = []
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
    if delay:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    body = {"error": {"code": status, "status": word, "message": message, "details": details}}
    return Reply(f"{status} {word} {reason or delay}".strip(), outcome, body, status)


def gemini() -> list[Reply]:
    found = [
        Reply(f"finish {json.dumps(word)}", outcome, generated(GOOD if outcome == "answer" else HALF, word))
        for outcome, words in GEMINI_WORDS.items()
        for word in words
    ]
    found += [
        Reply("no finish", "answer", generated(candidate={"finishReason": MISSING})),
        Reply("blocked", "refusal", {"promptFeedback": {"blockReason": "SAFETY"}}),
        Reply("blocked for a new reason", "refusal", {"promptFeedback": {"blockReason": "NEW"}, "candidates": []}),
        Reply("feedback without a reason", "again", {"promptFeedback": {}}),
        Reply("feedback a list", "again", {"promptFeedback": [1]}),
        Reply("candidates null", "again", generated(body={"candidates": None})),
        Reply("candidates empty", "again", generated(body={"candidates": []})),
        Reply("candidates of null", "again", generated(body={"candidates": [None]})),
        Reply("candidates an object", "again", generated(body={"candidates": {"0": 1}})),
        Reply("candidates a text", "again", generated(body={"candidates": "x"})),
        Reply("an error beside the candidate", "again", generated(HALF, candidate={"error": {"code": 500}})),
        Reply("no content", "invalid_answer", generated(candidate={"content": MISSING})),
        Reply("content a number", "again", generated(candidate={"content": 7})),
        Reply("no parts", "invalid_answer", generated(candidate={"content": {"role": "model"}})),
        Reply("parts an object", "again", generated(candidate={"content": {"parts": {"text": GOOD}}})),
        Reply("parts of null", "again", generated(candidate={"content": {"parts": [None]}})),
        Reply("text a number", "again", generated(7)), Reply("text a list", "again", generated([GOOD])),
        Reply("parts joined", "answer", generated(candidate={"content": {"parts": [
            {"text": "hm", "thought": True}, {"text": GOOD[:9]}, {"text": GOOD[9:]}]}})),
        Reply("half an emoji in the model's name", "answer", generated(body={"modelVersion": "tiny\ud800"})),
        Reply("half an emoji in the ending", "again", generated(HALF, "STOP\ud800")),
        Reply("model a number", "answer", generated(body={"modelVersion": 7})),
        Reply("no usage", "answer", generated(body={"usageMetadata": MISSING})),
        Reply("usage a list", "again", generated(body={"usageMetadata": [1]})),
        *(Reply(f"{shown} tokens", "again", generated(body={"usageMetadata": {"promptTokenCount": count}}))
          for shown, count in (("12.5", 12.5), ("-3", -3), ("'12'", "12"), ("true", True), ("10**30", 10**30))),
        Reply("12.0 tokens", "answer", generated(body={"usageMetadata": {"promptTokenCount": 12.0}})),
        Reply("details a number", "again", generated(body={"usageMetadata": COUNTS | {"promptTokensDetails": 7}})),
        Reply("details of null", "again", generated(body={"usageMetadata": COUNTS | {"promptTokensDetails": [None]}})),
        Reply("200 with an error", "again", {"error": {"code": 500, "status": "INTERNAL"}}),
        Reply("200 with a list of an error", "again", [{"error": {"code": 503, "status": "UNAVAILABLE"}}]),
        told(400, "bad_request", "INVALID_ARGUMENT"), told(400, "stop", "INVALID_ARGUMENT", "API_KEY_INVALID"),
        told(400, "stop", "FAILED_PRECONDITION", message="User location is not supported for the API use."),
        told(403, "stop", "PERMISSION_DENIED"), told(403, "stop", "PERMISSION_DENIED", "BILLING_DISABLED"),
        told(404, "stop", "NOT_FOUND"), told(429, "again", "RESOURCE_EXHAUSTED"),
        told(429, "again", "RESOURCE_EXHAUSTED", delay="0.01s"),
        told(429, "stop", "RESOURCE_EXHAUSTED", delay="90000s"),
        told(429, "stop", "RESOURCE_EXHAUSTED", message="Your prepayment credits are depleted. Manage them under x."),
        told(429, "again", "RESOURCE_EXHAUSTED", message="You exceeded your current quota: see plan and billing."),
        told(500, "again", "INTERNAL"), told(504, "again", "DEADLINE_EXCEEDED"), told(499, "again", "CANCELLED"),
        Reply("429 a day", "stop", quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), 429),
        Reply("429 a minute", "again", quota("GenerateRequestsPerMinutePerProjectPerModel"), 429),
        Reply("429 in a list", "again", [quota("GenerateRequestsPerMinutePerProjectPerModel")], 429),
        Reply("400 with odd details", "bad_request", {"error": {"code": 400, "details": "none"}}, 400),
        Reply("400 with an error of words", "bad_request", {"error": "no"}, 400),
    ]  # fmt: skip
    return found + common(generated)
