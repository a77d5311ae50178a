"""Text out of bytes that do not say how they are encoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.encodings import decoded, is_odd

FRENCH = "Le garçon préfère l'été à l'hiver, et sa mère l'a déjà dit.\nOù êtes-vous allés hier, mes chers élèves ?\n"
FRENCH += "Il a mangé trop de gâteau à la fête.\n"
RUSSIAN = "Привет, как дела сегодня?\nОн пошёл домой и ничего не сказал.\nМы встретимся завтра утром у реки.\n"
JAPANESE = "今日はいい天気ですね。\n昨日は友達と映画を見ました。\nこれから学校へ行きます。\n"
HEBREW = "שלום, מה שלומך היום?\nאני הולך הביתה עכשיו.\nנתראה מחר בבוקר.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp866"), (JAPANESE, "shift_jis"), (JAPANESE, "euc-jp"),
        (JAPANESE, "iso2022_jp"), (HEBREW, "cp1255"), (RUSSIAN, "utf-16"), (RUSSIAN, "utf-16-le"),
        (FRENCH, "utf-16-be"), (FRENCH, "utf-32"), (FRENCH, "utf-8-sig"),
    ],
)  # fmt: skip
def test_what_the_bytes_tell_for_certain_is_read(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


def test_what_several_encodings_may_mean_is_read_where_its_language_is_known_and_else_refused() -> None:
    data = FRENCH.encode("cp1252")
    assert decoded(data, ["fr"]) == FRENCH
    with pytest.raises(ValueError, match="save it as UTF-8"):
        decoded(data)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=80))
def test_utf_8_is_read_as_it_is(text: str) -> None:
    assert decoded(text.encode()) == text.removeprefix("\ufeff")


def test_a_few_damaged_bytes_cost_their_letters_alone() -> None:
    data = bytearray((RUSSIAN * 5).encode())
    data[100] = 0xFF
    found = decoded(bytes(data))
    assert found.count("\ufffd") <= 2
    assert found.endswith(RUSSIAN * 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x00" * 50, "no text"), (b"\x01\x02\x03\x04" * 20, "no text"), (b"caf\xe9\n", "UTF-8"),
     (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 250)), "UTF-8")],
)  # fmt: skip
def test_what_is_no_text_or_cannot_be_told_is_refused_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decoded(data)


def test_nothing_is_nothing() -> None:
    assert decoded(b"") == ""
    assert decoded(b"plain\r\n") == "plain\r\n"


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("café l’été naïve", False), ("日本語 Привет שלום", False), ("100€ §5", False), ("", False), ("plain", False),
        ("cafÃ©s", True), ("Приvет", True), ("aÉb", True), ("a\x85b", True), ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", True),
    ],
)  # fmt: skip
def test_letters_that_no_language_writes_together_are_odd(text: str, odd: bool) -> None:
    assert is_odd(text) is odd


def test_a_single_odd_word_among_many_is_a_name() -> None:
    assert not is_odd("été " * 30 + "éaÉb")
