import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_rerank.channels import CHANNELS, Channels
from retrieval.errors import BuildError, ConfigError

A, B, C, D = (letter * 12 for letter in "abcd")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def after(*steps: str | None) -> Channels:
    """A channel `shop` to which these were promoted; None is a rollback."""
    channels = Channels()
    for step in steps:
        channels = channels.rolled_back("shop", NOON) if step is None else channels.promoted("shop", step, NOON)
    return channels


@pytest.mark.parametrize(
    ("steps", "live", "before"),
    [
        ((A,), A, None),
        ((A, B), B, A),
        ((A, B, None), A, None),
        ((A, B, C, None), B, A),
        ((A, B, C, None, None), A, None),
        ((A, B, C, None, D), D, B),  # C was rolled back for a reason: it does not come back by itself
        ((A, B, C, None, D, None), B, A),
        ((A, B, None, B), B, A),
        ((A, B, A), A, B),
        ((A, B, B, B, None), A, None),  # promoted by a script that ran again
    ],
)
def test_a_rollback_goes_back_through_the_promotions_that_hold(
    steps: tuple[str | None, ...], live: str, before: str | None
) -> None:
    channel = after(*steps).at("shop")
    assert (channel.live, channel.before) == (live, before)


def test_the_history_keeps_everything() -> None:
    history = after(A, B, None, C).at("shop").history
    assert [(change.adapter_id, change.by) for change in history] == [
        (A, "promote"),
        (B, "promote"),
        (A, "rollback"),
        (C, "promote"),
    ]


def test_channels_do_not_know_each_other() -> None:
    channels = after(A, B).promoted("other", C, NOON)
    assert channels.rolled_back("shop", NOON).at("other").live == C
    with pytest.raises(ConfigError, match=f"channel='other': nothing was live before {C}"):
        channels.rolled_back("other", NOON)


def test_where_nothing_was_promoted_the_channels_that_are_there_are_named() -> None:
    with pytest.raises(ConfigError, match=r"channel='sohp': no adapter is live in this channel.* the channels shop\."):
        after(A).at("sohp")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "a\n", "\x1b[2J", "x" * 65, "-x"])
def test_a_name_that_could_be_anything_else_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a channel's name"):
        Channels().promoted(name, A, NOON)


@pytest.mark.parametrize("name", ["default", "my-shop.fr_2", "9" * 64])
def test_what_a_name_may_be(name: str) -> None:
    assert Channels().promoted(name, A, NOON).at(name).live == A


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    channels = after(A, B, None)
    channels.write(tmp_path)
    assert Channels.read(tmp_path) == channels


def test_the_file_says_what_is_live_to_whoever_opens_it(tmp_path: Path) -> None:
    after(A).write(tmp_path)
    shop = json.loads((tmp_path / CHANNELS).read_text())["channels"]["shop"]
    assert shop == {"live": A, "history": [{"adapter_id": A, "at": "2026-05-01T12:00:00Z", "by": "promote"}]}


def test_a_registry_without_the_file_has_no_channels(tmp_path: Path) -> None:
    assert Channels.read(tmp_path) == Channels()


def change(adapter_id: str, by: str = "promote") -> dict[str, str]:
    return {"adapter_id": adapter_id, "at": "2026-05-01T12:00:00Z", "by": by}


@pytest.mark.parametrize(
    "channel",
    [
        {"live": A, "history": []},
        {"live": A, "history": [change(B)]},
        {"live": A, "history": [change(A), change(B)]},
        {"live": A, "history": [change(A, "rollback")]},
        {"live": C, "history": [change(A), change(B), change(C, "rollback")]},
        {"live": "../../etc", "history": [change("../../etc")]},
        {"live": A, "history": [change(A) | {"at": "2026-05-01T12:00:00"}]},
        {"live": A},
        5,
    ],
    ids=["empty", "other", "older", "no promotion", "never promoted", "path", "no time zone", "no history", "number"],
)
def test_a_history_that_does_not_add_up_is_refused(tmp_path: Path, channel: object) -> None:
    (tmp_path / CHANNELS).write_text(json.dumps({"format": 1, "channels": {"shop": channel}}))
    with pytest.raises(BuildError, match=r"channels='.*channels.json': what is live cannot be read"):
        Channels.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"format": 1, "chan', b"[]", b"\xff", b'{"format": 2}', b'{"channel": {}}'])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHANNELS).write_bytes(content)
    with pytest.raises(BuildError, match="what is live cannot be read") as refused:
        Channels.read(tmp_path)
    assert "promote again" in refused.value.remedy
