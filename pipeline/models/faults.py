"""What an error reply means, by what it says it is: its codes and types first, its status then, and its words only
where it has no code at all.

Codes are those of OpenAI, Azure, Gemini, vLLM, OpenRouter, DashScope, Ark, Zhipu, Moonshot, MiniMax and SiliconFlow.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from asid.pipeline.models.base import BadRequest, Misconfigured, ModelError, Refused, Suspended, Transient
from asid.pipeline.models.replies import fault, key_of, shown, whole_text

SAID = 500  # characters of an error's message
MARKS = "-_ .:/@"  # in codes
DEEP = 8  # levels of an error that are looked at: gateways wrap those of others
WIDE = 200  # things in it
NAMES = ("code", "type", "status", "reason", "statuscode", "errorcode", "quotaid", "quotalimit", "blockreason")
WORDS = ("message", "error", "statusmsg", "detail", "msg")
FLAGS = ("flaggedinput", "moderation", "inputsensitive", "outputsensitive")  # say so by being there
OVERLOADED = frozenset({503, 529})

# Parts of codes, without case and marks. Moderation comes first: it is never more than its row.
MODERATION = (
    *("contentfilter", "contentpolicy", "moderation", "sensitive", "datainspection", "responsibleaipolicy"),
    *("safetycheck", "safetyviolation", "riskdetection", "contentsecurity", "prohibitedcontent", "inappropriate"),
    *("ipinfringement", "customroleblocked", "faqruleblocked", "blocklist", "invalidprompt", "unsafecontent"),
    *("contentmoderation", "policyviolation", "guardrail", "contentblocked", "flagged", "promptblocked"),
)
MODERATION_CODES = frozenset({"safety", "recitation", "spii", "1301", "1026", "1027", "risk", "contentviolation"})
STOPPED = (
    *("insufficientquota", "insufficientbalance", "insufficientcredit", "insufficientfund", "balanceinsufficient"),
    *("arrear", "overdue", "billing", "paymentrequired", "nocredit", "creditsexhausted", "outofcredit"),
    *("exceededcurrent", "creditbalance"),
    *("freetieronly", "freequota", "unpurchased", "deactivated", "accessterminated", "accountsuspended"),
    *("consumersuspended", "consumerinvalid", "accountlocked", "accountdisabled", "accountexpired"),
    *("perday", "dailylimit", "dailyquota", "dailyrequest", "quotaexceeded", "setlimitexceeded", "hardlimit"),
    *("rpdlimit", "tpdlimit", "requestsperday", "tokensperday", "dayquota"),
    *("unsupportedcountry", "unsupportedregion", "regionnot", "countrynot", "locationnotsupported", "ipaddressblocked"),
    *("servicedisabled", "subscriptionexpired", "planexpired", "permonth", "monthlylimit", "usagelimitreached"),
    *("budgetexceeded", "spendlimit", "ipnotauthorized", "servicenotopen", "modelnotopen", "accountnotactive"),
)
STOPPED_CODES = frozenset({"1112", "1113", "1304", "1308", "1309", "1008", "30001", "insufficientcredits", "quota"})
WRONG_KEY = (
    *("invalidapikey", "apikeyinvalid", "apikeynotvalid", "incorrectapikey", "authentication", "unauthenticated"),
    *("invalidauth", "apikeyservice", "apikeyhttp", "apikeyexpired", "missingapikey", "invalidtoken", "unauthorized"),
    *("modelnotfound", "invalidendpoint", "unsupportedmodel", "modelaccessdenied", "modelnotexist", "unknownmodel"),
    *("modelnotsupported", "deploymentnotfound", "closedendpoint"),
)
WRONG_KEY_CODES = frozenset({"1004", "1211", "2049", "20012"})
GONE = (
    *("filenotfound", "nosuchfile", "fileexpired", "filedeleted", "invalidfile", "imageurl", "videourl", "audiourl"),
    *("mediaurl", "downloadfailed", "imagedownload", "resourcedownload", "invalidimage", "invalidvideo"),
)
LIMITED = (
    *("ratelimit", "throttl", "toomanyrequests", "limitrequests", "limitburst", "resourceexhausted", "rpmlimit"),
    *("tpmlimit", "concurrencylimit", "slowdown", "tokenlimitexceeded"),  # the last: of batches that wait
)
LIMITED_CODES = frozenset({"1002", "1039", "1302", "1303", "1305", "1312"})
PASSING = (
    *("overloaded", "unavailable", "internalerror", "internalserver", "servererror", "timeout", "deadlineexceeded"),
    *("aborted", "networkerror", "modelservingerror", "capacity", "bizerror"),
)
VAGUE_CODES = frozenset({"failedprecondition", "permissiondenied"})  # Gemini's, for a country it does not serve
# For errors that have no code. Sentences in place of codes are read as messages.
FLAGGED_WORDS = re.compile(
    r"content (management |moderation )?(policy|filter)|moderation|inappropriate|usage guidelines|sensitive content"
    r"|(prompt|input|content|text|image|video|audio)\b.{0,60}\bflagged|safety (system|check|filter)|violat\w+ .*polic",
    re.IGNORECASE,
)
STOPPED_WORDS = re.compile(
    r"insufficient (balance|credits?|funds|quota)|out of credits|payment required|billing|account .*(suspended|overdue)"
    r"|(daily|per day).*(limit|quota)|(limit|quota).*(daily|per day)"
    r"|(country|region|location).* (not|un)\s?(supported|available)",
    re.IGNORECASE,
)
# Under whatever code: Gemini says so under the one of every limit (429, RESOURCE_EXHAUSTED).
DEPLETED_WORDS = re.compile(
    r"credits?\b.{0,30}\b(depleted|exhausted|used up|run out|ran out)"
    r"|(depleted|out of|ran out of|no more) \w* ?credits?\b",
    re.IGNORECASE,
)
CODE = re.compile(r"[\w.:/-]{1,100}")
# These say that something is wrong, and not what.
EMPTY_CODES = frozenset(
    {"", "error", "none", "null", "x", "invalidrequesterror", "invalidargument", "badrequest", "badrequesterror"}
    | {"apierror", "unknown", "failedprecondition", "permissiondenied"}
)


def error_in(body: Any) -> Any:
    """The error that a reply carries though its status is 200; None when it carries none."""
    if not isinstance(body, Mapping):
        return None
    if error := body.get("error"):
        return error
    base = body.get("base_resp")  # MiniMax
    if isinstance(base, Mapping) and base.get("status_code"):
        return base
    if body.get("object") == "error" or ("code" in body and "message" in body and not body.get("choices")):
        return body
    return None


def codes(error: Any) -> tuple[set[str], str, int]:
    """The codes in an error, folded; its words; and its status by its own account, 0 where it has none."""
    found: set[str] = set()
    words: list[str] = []
    status = 0
    for name, value in _leaves(error):
        key = key_of(name, MARKS)
        if key in FLAGS and value not in (None, False, "", 0):
            found.add("moderation")
        if isinstance(value, bool) or value is None:
            continue
        if key in NAMES and isinstance(value, int):
            if 400 <= value < 600:
                status = status or value
            elif 0 <= value < 10**9:
                found.add(str(value))
        elif key in NAMES and isinstance(value, str):
            if re.fullmatch("[45][0-9][0-9]", value):
                status = status or int(value)
            elif CODE.fullmatch(value):
                found.add(key_of(value, MARKS))
            else:
                words.append(value)
        elif key in WORDS and isinstance(value, str):
            words.append(value)
    return found, " ".join(words)[: 4 * SAID], status


def _leaves(error: Any) -> Iterator[tuple[str, Any]]:
    """The named values of an error and of what it wraps, also as JSON in a string."""
    queue: list[tuple[str, Any, int]] = [("error", error, 0)]
    for _ in range(WIDE):
        if not queue:
            return
        name, value, depth = queue.pop(0)
        if isinstance(value, str) and value.lstrip()[:1] == "{" and len(value) < 20_000:
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(value)
        if isinstance(value, Mapping) and depth < DEEP:
            if value.get("flagged_input") or value.get("flagged_categories"):
                yield "moderation", True
            queue.extend((str(inner), item, depth + 1) for inner, item in list(value.items())[:WIDE])
        elif isinstance(value, list) and depth < DEEP:
            queue.extend((name, item, depth + 1) for item in value[:20])
        else:
            yield name, value


def _any(found: set[str], parts: tuple[str, ...], whole: frozenset[str] = frozenset()) -> bool:
    return bool(found & whole) or any(part in code for code in found for part in parts)


def classify(status: int, error: Any, said: str, retry_after: float | None = None) -> ModelError:
    """What an error means. `status` 200: it came in a reply that looked good. `said`: for people, without any key."""
    found, words, own = codes(error)
    status = status if status >= 400 else own or status
    said = whole_text(said or shown(error))[: SAID + 100]
    mute = not found - EMPTY_CODES
    if _any(found, MODERATION, MODERATION_CODES) or (mute and FLAGGED_WORDS.search(words)):
        return Refused(said, raw=said)
    vague = not found - VAGUE_CODES and status in (400, 403, 429) and (found or status != 400)
    stopped = vague and STOPPED_WORDS.search(words)
    depleted = status in (400, 403, 429) and DEPLETED_WORDS.search(words)
    if _any(found, STOPPED, STOPPED_CODES) or status == 402 or stopped or depleted:
        return Suspended(f"the endpoint serves no more calls with this key: {said}")
    if _any(found, LIMITED, LIMITED_CODES):
        return Transient(said, retry_after, rate_limited=True)
    if _any(found, GONE):
        return BadRequest(said)
    if _any(found, WRONG_KEY, WRONG_KEY_CODES):
        return Misconfigured(said)
    if status in (401, 403, 404):
        return Misconfigured(said)
    if status == 429 or status in OVERLOADED:
        return Transient(said, retry_after, rate_limited=True)
    if status in (408, 409, 425, 499) or status >= 500 or _any(found, PASSING):
        return Transient(said, retry_after)
    if status < 400:
        return fault("holds an error", error)
    return BadRequest(said)


def checked(body: Any) -> Mapping[str, Any]:
    """A good reply's body as an object that carries no error. Raises what is wrong with it instead."""
    if isinstance(body, list) and len(body) == 1:  # Gemini's errors come so
        body = body[0]
    if not isinstance(body, Mapping):
        raise fault("is no object", body)
    if (error := error_in(body)) is not None:
        raise classify(200, error, said_of(error))
    return body


def said_of(error: Any) -> str:
    """An error for people: its message where it has one, with its code."""
    if isinstance(error, Mapping):
        words = error.get("message") or error.get("status_msg")
        code = error.get("code") or error.get("type") or error.get("status_code") or ""
        if isinstance(words, str):
            return whole_text(f"{code} {words}".strip()[:SAID]) if isinstance(code, (str, int)) else shown(words)
    return shown(error)
