"""What stands around a text that was asked for by itself is taken off where the text is certain, and nowhere else."""

from __future__ import annotations

import json

import pytest

from asid.pipeline.asking.exchange import read
from asid.pipeline.asking.wrapping import structured, unwrapped
from tests.kits.modelkit import Caption

TEXT = 'At 0s, a man says, "Mind the gap." At 5s, he leaves.'


@pytest.mark.parametrize(
    "text",
    [
        f'<evidence kind="caption">\n{TEXT}\n</evidence>',
        f'<evidence kind="rejected answer">{TEXT}</evidence>',
        f"<evidence kind='account'>\n{TEXT}\n</Evidence >",
        f"<evidence>\n{TEXT}\n</evidence>",
        f'(evidence kind="caption">\n{TEXT}\n(/evidence>\n</evidence>',
        f'<evidence kind="rejected answer">\n<evidence kind="caption">\n{TEXT}\n</evidence>\n</evidence>',
        f"```\n{TEXT}\n```",
        f"~~~text\n{TEXT}\n~~~\n",
        json.dumps(TEXT),
        json.dumps({"caption": TEXT}),
        json.dumps([{"merged_caption": TEXT}]),
        f"```json\n{json.dumps({'text': TEXT}, indent=1)}\n```",
        '{"answer": ' + json.dumps(TEXT) + ",}",
        f"Here is the merged caption:\n\n{TEXT}",
        f"Sure! Here's the joined account of the clip:\n{TEXT}",
        f"Below is the final description, based on all accounts:\n{TEXT}",
        f"**Merged caption:**\n{TEXT}",
        f"## Final Caption\n\n{TEXT}",
        f"Caption: {TEXT}",
        f"**Improved Description:** {TEXT}",
        f"Here is the caption:\n```\n{TEXT}\n```",
        f"  {TEXT}\n",
    ],
)
def test_the_text_is_taken_out_of_its_wrapping(text: str) -> None:
    assert read(text, None)[0] == TEXT
    assert unwrapped(TEXT) == (TEXT, ())


@pytest.mark.parametrize(
    "text",
    [
        f'<evidence kind="transcript">\n{TEXT}\n</evidence>',  # an echo of what was given to read
        f'<evidence kind="description 2">\n{TEXT}\n</evidence>',
        f'<evidence kind="caption">\n{TEXT}',  # never closed
        f"{TEXT}\n</evidence>",
        f'<evidence kind="caption">{TEXT}</evidence>\n<evidence kind="caption">{TEXT}</evidence>',  # which of them?
        f"```\n{TEXT}\n```\nor\n```\n{TEXT}\n```",
        f"I cannot see the video, but here is the caption:\n{TEXT}",
        json.dumps({"error": TEXT}),
        '{"caption": "At 0s, a man", "caption": "At 0s, a dog"}',
        '"Open" stands on a sign. A man says, "Mind the gap."',
        "[Music] A man sings. [Applause]",
        "The captions on the screen read:\nOPEN",
        "A sign shows a text: open",
        "Caption:",
    ],
)
def test_what_is_not_certain_stays_as_it_is(text: str) -> None:
    assert read(text, None)[0] == text.strip()


@pytest.mark.parametrize(
    "text",
    ['{"caption": "a", "times": [0]}', '{"caption": "At 0s, a m', "{'a': 1}", '["a", "b"]', '[{"start": 0}]'],
)
def test_a_text_that_is_json_is_named(text: str) -> None:
    assert structured(text) == "the answer is JSON: plain text is asked for"


@pytest.mark.parametrize("text", [TEXT, "[Music] plays.", "{x} stands on a sign.", '"Open" stands on a sign.'])
def test_prose_is_no_json(text: str) -> None:
    assert structured(text) is None


@pytest.mark.parametrize(
    "tags", [('<evidence kind="caption">\n', "\n</evidence>"), ('(evidence kind="caption">', "(/evidence)")]
)
def test_a_text_within_json_loses_the_tags_of_the_prompt_too(tags: tuple[str, str]) -> None:
    value, mends = read(json.dumps({"caption": tags[0] + TEXT + tags[1]}), Caption)
    assert value == Caption(caption=TEXT) and mends == ("took off the tags of the prompt",)
    half = tags[0] + TEXT
    assert read(json.dumps({"caption": half}), Caption)[0].caption == half
