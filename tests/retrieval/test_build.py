import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import build as building
from retrieval import embedding
from retrieval.build import build
from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.errors import BuildError
from retrieval.folder import BuiltShop, load_folder
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.manifest import MANIFEST, PLAN, Manifest, Plan
from retrieval.records import UserHistory
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.model_configs import EaseConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData

CONFIG = RetrievalConfig(
    embedder=HashingConfig(dimension=64),
    index=ExactConfig(),
    retrievers=(BuyAgainConfig(), EaseConfig(regularization=1.0), TextConfig(weight=0.5), PopularityConfig(weight=0.1)),
)


@pytest.fixture(scope="module")
def finished(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished build; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "shop"
    build(shop, CONFIG, folder)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it to do damage to."""
    return Path(shutil.copytree(finished, tmp_path / "shop"))


@pytest.fixture(scope="module")
def built(finished: Path) -> BuiltShop:
    return load_folder(finished)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stop(*args: object) -> None:
    raise KeyboardInterrupt


def ids(built: BuiltShop, history: UserHistory, top_n: int = 100) -> list[str]:
    return [candidate.item.item_id for candidate in built.retriever.retrieve(history, top_n)]


def test_what_is_loaded_is_what_was_built(built: BuiltShop, shop: ShopData) -> None:
    assert tuple(built.catalogue) == tuple(shop.catalogue)
    assert built.log.history("anna") == shop.log.history("anna")
    assert built.config == CONFIG
    assert len(built.index) == 12


def test_the_same_shop_built_twice_answers_the_same(built: BuiltShop, shop: ShopData, tmp_path: Path) -> None:
    build(shop, CONFIG, tmp_path / "again")
    anna = shop.log.history("anna")
    assert load_folder(tmp_path / "again").retriever.retrieve(anna, 100) == built.retriever.retrieve(anna, 100)


def test_a_user_nobody_knows_gets_what_is_popular_and_available(built: BuiltShop) -> None:
    found = ids(built, UserHistory(user_id="newcomer"))
    assert len(found) == 11
    assert "brie" not in found
    assert found[-2:] == ["rolls", "oat"]  # nobody bought them


def test_a_new_item_is_reached_through_its_text(built: BuiltShop, shop: ShopData) -> None:
    milk_only = shop.log.history("anna").only({"milk"})
    (oat,) = [c for c in built.retriever.retrieve(milk_only, 100) if c.item.item_id == "oat"]
    assert "text" in {said.source for said in oat.sources}


def test_the_manifest_is_written_last(shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Manifest, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        build(shop, CONFIG, tmp_path / "shop")
    assert (tmp_path / "shop" / "retrievers" / "popularity.npz").exists()
    assert not (tmp_path / "shop" / MANIFEST).exists()
    with pytest.raises(BuildError, match="never finished"):
        load_folder(tmp_path / "shop")


def test_a_manifest_lists_every_file(finished: Path) -> None:
    listed = json.loads((finished / MANIFEST).read_text())["files"]
    assert {*listed, MANIFEST} == set(contents(finished))


def test_a_finished_folder_is_left_as_it_is(folder: Path, shop: ShopData, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)
    monkeypatch.setattr(building, "fit", stop)
    assert build(shop, CONFIG, folder) == Manifest.read(folder)
    assert contents(folder) == before


def test_a_finished_folder_that_was_damaged_is_not_called_built(folder: Path, shop: ShopData) -> None:
    (folder / "interactions.parquet").write_bytes(b"PAR1")
    with pytest.raises(BuildError, match=r"interactions\.parquet is missing, cut short or damaged"):
        build(shop, CONFIG, folder)
    build(shop, CONFIG, folder, overwrite=True)
    load_folder(folder)


@pytest.mark.parametrize("stage", ["save_shop", "embed_catalogue", "_index", "_fit"])
def test_an_interrupted_build_goes_on_to_the_same_end(
    shop: ShopData, tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(building, stage, stop)
        with pytest.raises(KeyboardInterrupt):
            build(shop, CONFIG, tmp_path / "shop")
    build(shop, CONFIG, tmp_path / "shop")
    assert Manifest.read(tmp_path / "shop").files.keys() == Manifest.read(finished).files.keys()
    assert len(load_folder(tmp_path / "shop").index) == 12


def test_what_was_embedded_before_an_interruption_is_not_embedded_again(
    shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_CHUNK", 5)
    seen: list[str] = []
    embed = HashingEmbedder.embed

    def first_chunk_only(self: HashingEmbedder, texts: list[str]) -> object:
        if seen:
            stop()
        seen.extend(texts)
        return embed(self, texts)

    def the_rest(self: HashingEmbedder, texts: list[str]) -> object:
        seen.extend(texts)
        return embed(self, texts)

    monkeypatch.setattr(HashingEmbedder, "embed", first_chunk_only)
    with pytest.raises(KeyboardInterrupt):
        build(shop, CONFIG, tmp_path / "shop")
    monkeypatch.setattr(HashingEmbedder, "embed", the_rest)
    build(shop, CONFIG, tmp_path / "shop")
    assert seen == [item.text for item in shop.catalogue]


def fewer_interactions(shop: ShopData) -> ShopData:
    return replace(shop, log=InteractionLog(shop.log.frame.iloc[1:]))


def renamed_item(shop: ShopData) -> ShopData:
    milk, *others = shop.catalogue
    return replace(shop, catalogue=Catalogue([replace(milk, title="Skimmed milk"), *others]))


@pytest.mark.parametrize("change", [fewer_interactions, renamed_item])
@pytest.mark.parametrize("is_finished", [True, False])
def test_a_folder_made_from_other_data_is_refused_and_kept(
    folder: Path, shop: ShopData, change: Callable[[ShopData], ShopData], is_finished: bool
) -> None:
    if not is_finished:
        (folder / PLAN).write_text(Manifest.read(folder).plan.model_dump_json())
        (folder / MANIFEST).unlink()
    before = contents(folder)
    with pytest.raises(BuildError, match=r"data was '.*' and is now '.*--overwrite"):
        build(change(shop), CONFIG, folder)
    assert contents(folder) == before


def dearer_item(shop: ShopData) -> ShopData:
    milk, *others = shop.catalogue
    return replace(shop, catalogue=Catalogue([replace(milk, price=9.9), *others]))


def sold_out_item(shop: ShopData) -> ShopData:
    milk, *others = shop.catalogue
    return replace(shop, catalogue=Catalogue([replace(milk, available=False), *others]))


def reviewed_item(shop: ShopData) -> ShopData:
    return replace(shop, log=InteractionLog(shop.log.frame.assign(text="good \ud800")))  # no valid UTF-8


@pytest.mark.parametrize("change", [dearer_item, sold_out_item, reviewed_item])
def test_a_price_a_stock_or_a_review_makes_other_data(
    folder: Path, shop: ShopData, change: Callable[[ShopData], ShopData]
) -> None:
    with pytest.raises(BuildError, match=r"data was '.*' and is now '"):
        build(change(shop), CONFIG, folder)


def test_chunks_that_a_crash_left_behind_are_no_part_of_the_build(shop: ShopData, folder: Path) -> None:
    (folder / PLAN).write_text(Manifest.read(folder).plan.model_dump_json())
    (folder / MANIFEST).unlink()
    (folder / "vectors.parts").mkdir()
    build(shop, CONFIG, folder)
    assert not (folder / "vectors.parts").exists()


def test_another_configuration_is_refused_naming_what_differs(folder: Path, shop: ShopData) -> None:
    other = CONFIG.model_copy(update={"seed": 7, "embedder": HashingConfig(dimension=32)})
    with pytest.raises(BuildError) as caught:
        build(shop, other, folder)
    assert "config.seed was 0 and is now 7" in str(caught.value)
    assert "embedder was 'hashing-1-64' and is now 'hashing-1-32'" in str(caught.value)


def test_a_few_differences_are_named_and_the_rest_counted() -> None:
    plan = Plan(data="shop", embedder="hashing", config={str(i): i for i in range(5)})
    other = plan.model_copy(update={"config": {str(i): -1 for i in range(5)}})
    assert plan.differences(other).endswith("config.2 was 2 and is now -1; and 2 more")


def test_overwrite_builds_anew(folder: Path, shop: ShopData) -> None:
    build(fewer_interactions(shop), CONFIG, folder, overwrite=True)
    assert len(load_folder(folder).log) == len(shop.log) - 1


def test_overwrite_mends_a_damaged_manifest(folder: Path, shop: ShopData) -> None:
    (folder / MANIFEST).write_text("{")
    with pytest.raises(BuildError, match=MANIFEST):
        load_folder(folder)
    build(shop, CONFIG, folder, overwrite=True)
    assert len(load_folder(folder).index) == 12


@pytest.mark.parametrize("name", ["thesis.tex", MANIFEST])  # many programs call something manifest.json
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_that_is_no_build_is_never_deleted(shop: ShopData, tmp_path: Path, name: str, overwrite: bool) -> None:
    (tmp_path / name).write_text("{}")
    (tmp_path / "photo.jpg").write_text("dear to somebody")
    before = contents(tmp_path)
    with pytest.raises(BuildError):
        build(shop, CONFIG, tmp_path, overwrite=overwrite)
    assert contents(tmp_path) == before


def test_a_file_in_the_folders_place_is_refused(shop: ShopData, tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("a file")
    with pytest.raises(BuildError, match="folder="):
        build(shop, CONFIG, tmp_path / "shop", overwrite=True)
    assert (tmp_path / "shop").read_text() == "a file"


@pytest.mark.parametrize("damage", ["truncated", "changed", "deleted"])
def test_every_damaged_file_is_named(folder: Path, damage: str) -> None:
    for name, whole in contents(folder).items():
        path = folder / name
        if damage == "deleted":
            path.unlink()
        else:
            path.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"x" + whole[1:])
        expected = "no build folder" if (name, damage) == (MANIFEST, "deleted") else path.name
        with pytest.raises(BuildError, match=expected):
            load_folder(folder)
        path.write_bytes(whole)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_a_folder_that_is_absent_or_empty_is_no_build(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "shop")
    with pytest.raises(BuildError, match="llm-rerank build"):
        load_folder(tmp_path / "shop")


def test_progress_is_not_printed_where_the_answer_is(
    shop: ShopData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(shop, CONFIG, tmp_path / "shop")
    assert capsys.readouterr().out == ""


def test_answering_from_a_folder_loads_neither_torch_nor_an_embedding_model(finished: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.folder import load_folder;"
        "built = load_folder(Path(sys.argv[1]));"
        "assert built.retriever.retrieve(built.log.history('anna'), 3);"
        "print(*sorted({'torch', 'sentence_transformers', 'transformers', 'lenskit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(finished)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
