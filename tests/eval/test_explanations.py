"""The whole way, on the stand-in engine: asked, kept, judged, written."""

import json
import sys
from pathlib import Path

import pytest

from eval.explanations import Answers, households, main
from eval.reasons.amazon import FILE
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.recommender import Recommender
from retrieval.folder import BuiltShop

STAND_IN = RecommendConfig(engine=EngineConfig(kind="fake"), candidates=6)


def test_what_is_kept_is_not_asked_again(built: BuiltShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a model is opened."""
    lists = households(built, 2, seed=0)
    first = Answers(STAND_IN, built, tmp_path).of(lists, "asked")
    monkeypatch.setattr(Recommender, "for_shop", None)
    assert Answers(STAND_IN, built, tmp_path).of(lists, "kept") == first


def test_few_households_are_the_first_of_many(built: BuiltShop) -> None:
    assert households(built, 2, seed=0) == households(built, 4, seed=0)[:2]


def test_in_another_language_nothing_is_tried_again(built: BuiltShop) -> None:
    assert [one.tried for language in ("en", "zh") for one in households(built, 1, 0, language)] == [True, False]


def test_the_report(built_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the data that may not be shown it holds figures alone."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(f"shop: {built_folder}\ncandidates: 6\nengine: {{kind: fake}}\n", encoding="utf-8")
    Path(FILE).write_text("\n".join(json.dumps(row(number)) for number in range(8)), encoding="utf-8")
    options = ["--config", "config.yaml", "--households", "4", "--chinese", "2", "--amazon", ".", "--lists", "5"]
    monkeypatch.setattr(sys, "argv", ["eval/explanations.py", *options, "--out", "out"])
    main()
    page = Path("out/explanations.md").read_text(encoding="utf-8")
    assert page.startswith("# Explanations\n\n`python -m eval.explanations --config config.yaml")
    for name in ("demo shop", "demo shop in Chinese", "Amazon Reviews 2023"):
        assert f"### What the texts say, {name}\n" in page
    assert "secret" not in page
    promised = json.loads(Path("out/explanations.json").read_text(encoding="utf-8"))["promises"]["lines"]
    assert [line[3] for line in promised if line[0].startswith("citations that")] == ["met", "met"]


def row(number: int) -> dict[str, object]:
    """A reader of things of their own."""
    reviews = [
        {
            "parent_asin": f"secret{5 * number + place}",
            "rating": 5.0,
            "timestamp_ms": place,
            "review_title": "secret",
            "review_full": "secret",
            "product": {"title": f"A secret thing, {5 * number + place}", "price": None, "main_category": "secrets"},
        }
        for place in range(5)
    ]
    return {"user_id": f"secret{number}", "category": "secrets", "history": reviews[:4], "heldout": reviews[4]}
