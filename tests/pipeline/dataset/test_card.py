"""The card: what of it `datasets` reads, what people read, and that no name of a clip can break either."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from asid.pipeline.dataset.card import card, configs, plain
from asid.pipeline.figures import UNKNOWN, Figures, Quality

FILES = {
    "all_attributes/train-00000.parquet": "a",
    "all_attributes/train-00001.parquet": "b",
    "all_attributes/test-00000.parquet": "c",
    "single_attribute/train-00000.parquet": "d",
}


def figures(**changed: Any) -> Figures:
    """Of two clips of half an hour in all, in English, whose licence is stated."""
    values: dict[str, Any] = {
        "columns": ("captions",),
        "kept": 2,
        "dropped": 3,
        "rules": Counter(length=2, mute=1),
        "seconds": 1800.0,
        "longest": 1000.0,
        "shots": Counter({3: 1, 6: 1}),
        "speakers": Counter({0: 1, 2: 1}),
        "languages": Counter(en=1, de=1),
        "words": 300,
        "quoted": 5,
        "quotes_found": 4,
        "licences": Counter({"MIT": 2}),
        "sources": Counter({"Archive": 2}),
        "hearing": Counter(whisper=2),
        "writers": Counter({("caption", "m", "openai", "0123"): 2}),
    }
    return Figures([], **(values | changed))


def written(found: Figures, title: str = "My films") -> str:
    return card(title, found, FILES, videos="Videos are named.", held_back="Nothing is held back.")


def front(text: str) -> dict[str, Any]:
    values: dict[str, Any] = YAML(typ="safe").load(text.split("---\n")[1])
    return values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("a|b", r"a\|b"),
        ("[x](http://y)", r"\[x\]\(http\://y\)"),
        ("<img>", "&lt;img&gt;"),
        ("two\nlines", "two lines"),
        ("x" * 200, "x" * 120),
        ("a\u202eb", "a b"),
        (7, "7"),
    ],
)
def test_untrusted_text_is_one_cell_without_markup(text: object, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
def test_no_text_breaks_its_cell(text: str) -> None:
    found = plain(text)
    assert "\n" not in found and "<" not in found
    assert all(found[at - 1] == "\\" for at, char in enumerate(found) if char in "|[]`*")


def test_the_configs_name_each_split_once_and_one_is_the_default() -> None:
    one, single = configs(FILES)
    assert (one["config_name"], one["default"], "default" in single) == ("all_attributes", True, False)
    assert one["data_files"] == [
        {"split": "test", "path": "data/all_attributes/test-*.parquet"},
        {"split": "train", "path": "data/all_attributes/train-*.parquet"},
    ]
    other, same = configs(FILES | {"single_attribute/train-00000.parquet": "z"})[::-1]
    assert other["description"] != single["description"] and same["description"] == one["description"]


@pytest.mark.parametrize(
    ("licences", "said"),
    [
        (Counter({"MIT": 2}), "mit"),
        (Counter({"CC-BY-4.0": 2}), "cc-by-4.0"),
        (Counter({"CC-BY": 2}), "other"),
        (Counter({"MIT": 1, "CC0-1.0": 1}), "other"),
        (Counter({"MIT": 1, UNKNOWN: 1}), "other"),
        (Counter(), "other"),
        (Counter({UNKNOWN: 2}), "other"),
    ],
)
def test_a_licence_is_stated_for_the_whole_only_when_every_clip_has_it(licences: Counter[str], said: str) -> None:
    assert front(written(figures(licences=licences)))["license"] == said


@pytest.mark.parametrize(
    ("kept", "size"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**5, "100K<n<1M"), (10**9, "n>1T")]
)
def test_the_size_is_one_of_the_hub_s_words(kept: int, size: str) -> None:
    assert front(written(figures(kept=kept)))["size_categories"] == [size]


def test_languages_of_the_hub_are_codes_and_captions_are_english() -> None:
    found = front(written(figures(languages=Counter({"de": 1, "no speech": 4, "x-klingon": 1, "\n- evil": 1}))))
    assert found["language"] == ["de", "en"]


def test_words_that_the_hub_s_yaml_takes_for_others_stay_words() -> None:
    text = written(figures(languages=Counter({"no": 2})), "off")
    found = yaml.safe_load(text.split("---\n")[1])  # PyYAML, which the Hub and `datasets` read cards with
    assert (found["language"], found["pretty_name"]) == (["en", "no"], "off")


def test_a_hostile_title_stays_a_title() -> None:
    text = written(figures(), "---\nlicense: mit\n# <b>")
    assert front(text)["license"] == "mit" and "<b>" not in text
    assert front(written(figures(licences=Counter()), "x\n---\nlicense: mit"))["license"] == "other"


def test_the_figures_are_those_of_the_run() -> None:
    text = written(figures())
    for words in (
        "2 clips, 0.50 hours",
        "900.0 s, longest 1000.0 s",
        "150 on average",
        "4.5 on average",
        "2 clips kept and 3 dropped: length 2, mute 1",
        "4 of 5 quotations",
    ):
        assert words in text, words


def test_an_empty_run_has_a_card_all_the_same() -> None:
    text = written(Figures([]))
    assert "0 clips, 0.00 hours" in text and "No audit was made" in text


def test_rules_are_never_called_an_audit() -> None:
    audited, ruled = Quality("at audit", "measured"), Quality("at audit", "measured")
    audited.add(0, 1)
    ruled.add(0, 1, ruled=True)
    said = written(figures(quality=[audited]))
    assert "No-Error" in said and "Nobody has audited" not in said
    said = written(figures(quality=[ruled]))
    assert "Nobody has audited these captions" in said and "No-Error" not in said


def test_what_is_missing_is_among_the_known_limits() -> None:
    writers = Counter({("caption", "m", "scripted", ""): 1, ("audit", "m", "embedded", ""): 1})
    text = written(figures(writers=writers, licences=Counter({UNKNOWN: 2})))
    assert "scripted model took part" in text and "embedded models compose" in text
    assert "For 2 clips no licence is stated" in text
    assert "scripted" not in written(figures()).split("## Known limits")[1]


def test_of_many_sources_the_first_are_shown_and_the_rest_counted() -> None:
    many = Counter({f"source {number:03d}": 100 - number for number in range(25)})
    text = written(figures(sources=many))
    assert "source 019" in text and "source 020" not in text and "and 5 more sources" in text


def test_rates_say_of_how_many_clips_no_sound_was_judged() -> None:
    deaf = Quality("at audit", "measured", clips=5, no_error=4, no_missing=4, clean=4, partly=3, unheard=2)
    text = written(figures(quality=[deaf]))
    assert "at audit: of 3 of 5 clips no sound was sent to the auditor." in text
    assert "at audit: 2 clips in no rate" in text
    heard = written(figures(quality=[Quality("at audit", "measured", clips=5)]))
    assert "no sound was sent" not in heard and "in no rate" not in heard
