import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from llm_rerank.adapters import ABOUT, FILES, WEIGHTS, Adapter
from llm_rerank.channels import CHANNELS
from llm_rerank.registry import Registry
from retrieval.errors import BuildError, ConfigError

Make = Callable[..., Adapter]
NoRoom = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def ids_of(registry: Registry, *adapters: Adapter) -> list[str]:
    return [registry.add(adapter.folder)[0].adapter_id for adapter in adapters]


def killed_in(code: str, call: str, registry: Registry, *arguments: object) -> None:
    """Runs the code on a registry `r` in another process, which is killed at that call of the operating system."""
    name, number = call.split()
    script = f"""
import os, signal, sys
from pathlib import Path
from llm_rerank.registry import Registry
whole, calls = {name}, []
def counted(*given, **named):
    calls.append(given)
    if len(calls) == {number}:
        if {name == "Path.write_text"}:
            whole(given[0], given[1][: len(given[1]) // 2], **named)
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)
{name} = counted
r = Registry(Path(sys.argv[1]))
{code}
"""
    done = subprocess.run([sys.executable, "-c", script, str(registry.folder), *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


# what is there


def test_what_was_added_is_there_by_its_id(registry: Registry, make_adapter: Make) -> None:
    trained = make_adapter("one")
    added, new = registry.add(trained.folder)
    assert new
    assert added.folder == registry.folder / trained.adapter_id
    assert registry.get(trained.adapter_id) == added
    assert registry.adapter_ids() == (trained.adapter_id,)
    assert sorted(path.name for path in added.folder.iterdir()) == sorted(FILES)
    assert all((added.folder / name).read_bytes() == (trained.folder / name).read_bytes() for name in FILES)


def test_adding_the_same_again_changes_nothing(registry: Registry, make_adapter: Make) -> None:
    (adapter_id,) = ids_of(registry, make_adapter("one"))
    before = [path.stat() for path in sorted(registry.folder.rglob("*")) if path.name in FILES]
    added, new = registry.add(registry.folder / adapter_id)
    assert (added.adapter_id, new) == (adapter_id, False)
    assert [path.stat() for path in sorted(registry.folder.rglob("*")) if path.name in FILES] == before


def test_only_a_whole_adapter_is_added_and_nothing_is_made_for_another(
    registry: Registry, make_adapter: Make, tmp_path: Path
) -> None:
    trained = make_adapter("one")
    (trained.folder / WEIGHTS).write_text("half")
    for folder in (trained.folder, tmp_path / "none", tmp_path):
        with pytest.raises(BuildError, match="adapter="):
            registry.add(folder)
    assert not registry.folder.exists()


def test_what_changes_while_it_is_copied_is_not_added(
    registry: Registry, make_adapter: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, other = make_adapter("one"), make_adapter("other")
    monkeypatch.setattr(
        "llm_rerank.registry.copyfile", lambda source, target: copyfile(other.folder / source.name, target)
    )
    with pytest.raises(BuildError, match=f"it was {trained.adapter_id}, and was changed while it was copied"):
        registry.add(trained.folder)
    assert registry.adapter_ids() == ()


def test_an_adapter_is_found_by_the_beginning_of_its_id(registry: Registry, make_adapter: Make) -> None:
    (adapter_id,) = ids_of(registry, make_adapter("one"))
    assert registry.get(adapter_id[:1]).adapter_id == adapter_id


def test_a_beginning_that_two_share_is_refused_with_both(registry: Registry) -> None:
    for adapter_id in ("ab" * 6, "ac" * 6, "b" * 12):
        (registry.folder / adapter_id).mkdir(parents=True)
    with pytest.raises(ConfigError, match="adapter_id='a': 2 adapters have an id that begins so: abababababab, acac"):
        registry.get("a")


@pytest.mark.parametrize("prefix", ["", "0", "../registry", "*", "channels.json", "a" * 13])
def test_what_is_no_beginning_of_an_id_is_refused(registry: Registry, prefix: str) -> None:
    (registry.folder / ("a" * 12)).mkdir(parents=True)
    (registry.folder / CHANNELS).touch()
    with pytest.raises(ConfigError, match=r"adapter_id=.*no adapter in .* has an id that begins so"):
        registry.get(prefix)


@pytest.mark.parametrize("name", FILES)
def test_an_adapter_that_was_half_copied_by_hand_is_named(registry: Registry, make_adapter: Make, name: str) -> None:
    trained = make_adapter("one")
    one, other = ids_of(registry, trained, make_adapter("other"))
    (registry.folder / one / name).unlink()
    for use in (registry.get, lambda _: registry.promote(one, "default"), lambda _: registry.add(trained.folder)):
        with pytest.raises(BuildError, match=f"no whole adapter .*Delete .*{one} and add the adapter again"):
            use(one)
    assert registry.get(other).adapter_id == other
    assert not (registry.folder / CHANNELS).exists()


def test_a_folder_under_another_id_is_refused(registry: Registry, make_adapter: Make) -> None:
    (adapter_id,) = ids_of(registry, make_adapter("one"))
    (registry.folder / adapter_id).rename(registry.folder / ("0" * 12))
    with pytest.raises(BuildError, match=f"the adapter in it is {adapter_id}"):
        registry.get("0" * 12)


# what is live


def test_what_is_promoted_is_live(registry: Registry, make_adapter: Make) -> None:
    one, other = ids_of(registry, make_adapter("one"), make_adapter("other"))
    assert registry.promote(one, "shop").before is None
    switch = registry.promote(other[:11], "shop")
    assert (switch.live.adapter_id, switch.before) == (other, one)
    assert registry.live("shop") == registry.get(other)
    last = registry.channels().at("shop").history[-1].at
    assert timedelta(0) <= datetime.now(UTC) - last < timedelta(minutes=1)


def test_what_is_live_already_is_not_promoted_again(registry: Registry, make_adapter: Make) -> None:
    ids_of(registry, make_adapter("one"))
    first, again = (registry.promote(registry.adapter_ids()[0], "shop") for _ in range(2))
    assert (first.before, again.before) == (None, again.live.adapter_id)
    assert len(registry.channels().at("shop").history) == 1


def test_a_rollback_brings_back_what_was_live(registry: Registry, make_adapter: Make) -> None:
    one, other = ids_of(registry, make_adapter("one"), make_adapter("other"))
    registry.promote(one, "shop")
    registry.promote(other, "shop")
    switch = registry.rollback("shop")
    assert (switch.live.adapter_id, switch.before) == (one, other)
    assert registry.live("shop").adapter_id == one
    with pytest.raises(ConfigError, match=f"channel='shop': nothing was live before {one}"):
        registry.rollback("shop")
    assert registry.live("shop").adapter_id == one


def test_a_rollback_to_what_cannot_be_served_changes_nothing(registry: Registry, make_adapter: Make) -> None:
    one, other = ids_of(registry, make_adapter("one"), make_adapter("other"))
    registry.promote(one, "shop")
    registry.promote(other, "shop")
    (registry.folder / one / WEIGHTS).write_text("changed")
    with pytest.raises(BuildError, match=f"calls itself {one}"):
        registry.rollback("shop")
    (registry.folder / one).rename(registry.folder / "elsewhere")
    with pytest.raises(BuildError, match=rf"channel='shop': {one} is not in the registry .* any more"):
        registry.rollback("shop")
    assert registry.live("shop").adapter_id == other


def test_what_is_live_and_gone_or_damaged_is_not_served(registry: Registry, make_adapter: Make) -> None:
    (adapter_id,) = ids_of(registry, make_adapter("one"))
    registry.promote(adapter_id, "shop")
    (registry.folder / adapter_id / ABOUT).write_text("{")
    with pytest.raises(BuildError, match="no whole adapter"):
        registry.live("shop")
    (registry.folder / adapter_id).rename(registry.folder / "elsewhere")
    with pytest.raises(BuildError, match="is not in the registry"):
        registry.live("shop")


def test_where_no_registry_is_none_is_made(registry: Registry) -> None:
    with pytest.raises(ConfigError, match=r"registry='.*': there is no such registry"):
        registry.live("default")
    for ask in (registry.rollback, lambda _: registry.promote("a", "default")):
        with pytest.raises(ConfigError):
            ask("default")
    assert not registry.folder.exists()


# nothing is lost


PROMOTE = "r.promote(sys.argv[2], 'shop')"


@pytest.mark.parametrize(
    ("call", "live"),
    [("Path.write_text 1", "old"), ("os.fsync 1", "old"), ("Path.replace 1", "old"), ("os.fsync 2", "new")],
)
def test_a_promotion_that_is_killed_is_done_or_not(
    registry: Registry, make_adapter: Make, call: str, live: str
) -> None:
    old, new, next_one = ids_of(registry, *map(make_adapter, ("old", "new", "next")))
    registry.promote(old, "shop")
    killed_in(PROMOTE, call, registry, new)
    assert registry.live("shop").adapter_id == {"old": old, "new": new}[live]
    registry.promote(next_one, "shop")
    assert registry.rollback("shop").live.adapter_id == {"old": old, "new": new}[live]


@pytest.mark.parametrize(
    ("call", "added"), [("os.fsync 1", 0), ("os.fsync 3", 0), ("Path.replace 1", 0), ("os.fsync 5", 1)]
)
def test_an_addition_that_is_killed_is_done_or_not(
    registry: Registry, make_adapter: Make, call: str, added: int
) -> None:
    trained = make_adapter("one")
    killed_in("r.add(Path(sys.argv[2]))", call, registry, trained.folder)
    assert len(registry.adapter_ids()) == added
    assert registry.add(trained.folder)[1] == (not added)
    assert {path.name for path in registry.folder.iterdir()} == {".lock", trained.adapter_id}


@pytest.mark.parametrize("size", [0, 3, 250], ids=["weights", "in the weights", "in the description"])
def test_an_addition_without_room_leaves_nothing(
    registry: Registry, make_adapter: Make, no_room_for: NoRoom, size: int
) -> None:
    trained = make_adapter("weights")
    with no_room_for(size), pytest.raises(BuildError, match=r"registry='.*': the registry cannot be changed .*room"):
        registry.add(trained.folder)
    assert {path.name for path in registry.folder.iterdir()} == {".lock"}
    assert registry.add(trained.folder)[1]


def test_a_promotion_without_room_leaves_what_was_live(
    registry: Registry, make_adapter: Make, no_room_for: NoRoom
) -> None:
    one, other = ids_of(registry, make_adapter("one"), make_adapter("other"))
    registry.promote(one, "shop")
    for change in (lambda: registry.promote(other, "shop"), lambda: registry.promote(other, "new")):
        with no_room_for(100), pytest.raises(BuildError, match="the registry cannot be changed"):
            change()
    assert registry.live("shop").adapter_id == one
    registry.promote(other, "shop")
    with no_room_for(100), pytest.raises(BuildError, match="the registry cannot be changed"):
        registry.rollback("shop")
    assert registry.rollback("shop").live.adapter_id == one


def test_of_promotions_by_two_processes_at_once_none_is_lost(registry: Registry, make_adapter: Make) -> None:
    """Each has a channel of its own, and two adapters in turn in one that they share."""
    adapters = ids_of(registry, *map(make_adapter, "abcd"))
    code = """
import sys
from pathlib import Path
from llm_rerank.registry import Registry
folder, own, *adapters = sys.argv[1:]
for turn in range(20):
    for channel in (own, "shared"):
        Registry(Path(folder)).promote(adapters[turn % 2], channel)
"""
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(registry.folder), f"own-{start}", *adapters[start:][:2]])
        for start in (0, 2)
    ]
    assert [process.wait() for process in both] == [0, 0]
    lengths = {name: len(channel.history) for name, channel in registry.channels().channels.items()}
    assert lengths == {"own-0": 20, "own-2": 20, "shared": 40}


def test_whoever_only_serves_writes_nothing(registry: Registry, make_adapter: Make) -> None:
    (adapter_id,) = ids_of(registry, make_adapter("one"))
    registry.promote(adapter_id, "shop")
    (registry.folder / ".lock").unlink()
    before = sorted(registry.folder.rglob("*"))
    assert registry.live("shop").adapter_id == adapter_id
    assert sorted(registry.folder.rglob("*")) == before
