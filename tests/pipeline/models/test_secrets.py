"""Secrets in a manifest's values: what is one, what only looks like one, and that none is repeated."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.models import secrets

KEYS = (
    "sk-proj-abcdefghijklmnop", "sk-ant-api03-Ab3dEf7hIj-Kl9nOp_Qr", "AIzaSyA1234567890abc", "AKIAIOSFODNN7EXAMPLE",
    "hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "xoxb-123456789012-abcdefgh",
    "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", "ark-4b1f2c3d-90ab-4cde-8f01-23456789abcd", "Bearer abcdefgh12345678",
    "ya29.a0AfH6SMBx-abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "-----BEGIN RSA PRIVATE KEY-----",
    "gsk_0a1B2c3D4e5F6g7H8i9J", "pk_live_51HabcDEF45678901",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_keys_of_many_makers_are_found_and_masked_within_a_sentence(key: str) -> None:
    assert secrets.looks_secret(key)
    shown = secrets.mask(f"the server says: {key} is not known")
    assert secrets.HIDDEN in shown
    assert key not in shown
    assert shown.endswith("is not known")


@pytest.mark.parametrize(
    "plain",
    [
        "/data/hf_downloads", "/data/key-moments-of-2024", "s3://videos/sk-news-broadcasts", "key_frame_extraction",
        "clips/sk_parliament_20240101.mp4", "tp-link-camera-footage", "gemini-2.5-pro", "Qwen/Qwen2.5-Omni-7B",
        "https://host/v1", "MY_API_KEY", "GHS_TOKEN_OF_MINE_1234567890", "file:///a%20b.mp4?start=3", "",
    ],
)  # fmt: skip
def test_names_that_begin_like_keys_are_none(plain: str) -> None:
    assert not secrets.looks_secret(plain)
    assert list(secrets.found({"inputs": [{"path": plain}]})) == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:pass@host/v1", "https://<hidden>@host/v1"),
        ("https://host/v1?api_key=abcd&x=1", "https://host/v1?<hidden>&x=1"),
        ("s3://b/v.mp4?X-Amz-Signature=0123abcd", "s3://b/v.mp4?<hidden>"),
    ],
)
def test_an_address_keeps_its_host_and_loses_its_password(address: str, shown: str) -> None:
    assert secrets.mask(address) == shown


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"settings": {"headers": {"Authorization": "x"}}}, ("settings", "headers", "Authorization")),
        ({"a": [{"b": ("fine", KEYS[0])}]}, ("a", 0, "b", 1)),
        ({KEYS[0]: 1}, ()), ({"HF_TOKEN": "x"}, ("HF_TOKEN",)), ({"password": 7}, ("password",)),
        (KEYS[0], ()),
    ],
)  # fmt: skip
def test_a_secret_is_found_at_any_depth_with_its_place_and_what_to_do(values: Any, where: tuple[Any, ...]) -> None:
    ((path, said),) = secrets.found(values)
    assert path == where
    assert "NAME in `key`" in said
    assert KEYS[0] not in said


@pytest.mark.parametrize(
    "values",
    [{"max_tokens": 5, "eos_token": "x", "token_budget": 9}, {"api_key": ""}, {"api_key": None}, {"auth": False},
     {"secret": {}}, {"key": "MY_API_KEY"}, 3, None, []],
)  # fmt: skip
def test_settings_that_only_speak_of_tokens_and_empty_ones_hold_none(values: Any) -> None:
    assert list(secrets.found(values)) == []


@pytest.mark.parametrize(
    ("value", "path", "shown"),
    [
        (7, ("models", "a"), "7"), ("strnog", ("recipe", 0, "word"), "strnog"), ("hunter2secret99", ("title",), ""),
        ("plain", ("models", "a", "key"), ""), ("plain", ("settings", "password"), ""), ("a@b", ("title",), ""),
        ("x" * 61, ("title",), ""), (None, (), "None"), ({"a": 1}, ("title",), ""),
    ],
)  # fmt: skip
def test_a_wrong_value_is_repeated_only_where_it_can_be_no_secret(value: Any, path: Any, shown: str) -> None:
    assert secrets.shown(value, path) == shown


def test_a_key_is_known_in_each_form_in_which_a_server_repeats_it() -> None:
    key = "a+b/c d=12"
    assert secrets.forms(key) == [
        b"a+b/c d=12", b"a%2Bb%2Fc%20d%3D12", base64.b64encode(key.encode()).rstrip(b"=")
    ]  # fmt: skip
    assert secrets.forms("abcdefg") == []  # so short a one would be found in any text


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert secrets.mask(secrets.mask(text)) == secrets.mask(text)
