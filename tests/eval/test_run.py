"""Whole runs over the tiny grocer: finished, interrupted, resumed and refused."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

import eval.filling
from eval.answers import Answers, ask
from eval.config import EvalConfig
from eval.finished import FinishedRun
from eval.result import Churn, Result, SystemResult
from eval.run import Run
from eval.run_folder import PLAN
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.fake import FakeEngine
from retrieval.alone import alone
from retrieval.errors import BuildError, DataError, DatasetError
from retrieval.files import read_arrays, read_json, write_json
from retrieval.shop import ShopData

SYSTEMS = [
    {"name": "random", "answers": {"kind": "random"}, "seeds": [0, 1, 2]},
    {"name": "popular", "answers": {"kind": "popularity", "half_life_days": 1000}},
    {"name": "text", "answers": {"kind": "text"}},
]
BIAS = {"name": "bias", "answers": {"kind": "rating-bias"}, "predicts_ratings": True}
Measure = Callable[[EvalConfig], Result]


FAKE = {"kind": "reranked", "of": "popular", "candidates": 6, "engine": {"kind": "fake"}}
RERANKED = [
    {"name": "popular", "answers": {"kind": "popularity", "half_life_days": 1000}},
    {"name": "chance", "answers": {"kind": "shuffled", "of": "popular", "candidates": 6}},
    {"name": "llm", "answers": FAKE},
    {"name": "half", "answers": FAKE | {"llm_weight": 0.5}},
    {"name": "none", "answers": FAKE | {"llm_weight": 0}},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def config(configure: Callable[..., EvalConfig]) -> EvalConfig:
    return configure(SYSTEMS)


@pytest.fixture
def measure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Runs a configuration in `folder`, without the report's pictures."""
    monkeypatch.setattr(eval.filling, "write_page", lambda result, path: path.write_text(f"about {result.title}"))

    def one(config: EvalConfig) -> Result:
        with Progress(disable=True) as progress:
            return Run(config, folder, "the command", folder.parent / "kept").result(progress)

    return one


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The systems that were asked; Ctrl-C comes at the second, `popular`, where `stop` is among them."""
    names: list[str] = []

    def counting(name: str, *rest: object) -> Answers:
        if name == "popular" and "stop" in names:
            raise KeyboardInterrupt
        names.append(name)
        return ask(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(eval.filling, "ask", counting)
    return names


def test_a_run_leaves_rankings_users_a_report_and_its_result(
    config: EvalConfig, measure: Measure, folder: Path
) -> None:
    result = measure(config)
    assert {system.name for system in result.systems} == {"random", "popular", "text"}
    assert (result.part, result.command, result.counts["items"]) == ("test", "the command", 12)
    assert sorted(path.name for path in (folder / "rankings").iterdir())[:2] == [
        "popular-0.parquet",
        "random-0.parquet",
    ]
    assert (folder / "report.html").read_text(encoding="utf-8") == "about The grocer"
    assert len(FinishedRun.read(folder).users["text"]) == result.systems[0].users == 4


def test_a_finished_run_is_only_shown(config: EvalConfig, measure: Measure, asked: list[str]) -> None:
    first = measure(config)
    asked.clear()
    assert measure(config) == first
    assert asked == []


def test_an_interrupted_run_goes_on_where_it_was(
    config: EvalConfig, measure: Measure, asked: list[str], folder: Path
) -> None:
    asked.append("stop")
    with pytest.raises(KeyboardInterrupt):
        measure(config)
    assert asked == ["stop", *["random"] * 3]
    asked.clear()
    measure(config)
    assert asked == ["popular", "text"]


def test_interrupted_and_resumed_is_as_in_one_go(
    config: EvalConfig, measure: Measure, asked: list[str], folder: Path
) -> None:
    whole = measure(config)
    (folder / "metrics.json").unlink()
    (folder / "rankings" / "popular-0.parquet").unlink()
    assert scores(measure(config)) == scores(whole)


def scores(result: Result) -> list[tuple[str, dict[str, float]]]:
    return [(system.name, {name: found.mean for name, found in system.metrics.items()}) for system in result.systems]


@pytest.mark.parametrize("file", ["run.json", "metrics.json"])
def test_another_configuration_is_refused(config: EvalConfig, measure: Measure, folder: Path, file: str) -> None:
    measure(config)
    if file == "run.json":
        (folder / "metrics.json").unlink()
    with pytest.raises(BuildError, match=r"config\.depth was 12 and is now 11"):
        measure(config.model_copy(update={"depth": 11}))


def test_rankings_of_other_code_are_not_taken_up(config: EvalConfig, measure: Measure, folder: Path) -> None:
    measure(config)
    (folder / "metrics.json").unlink()
    write_json(folder / PLAN, read_json(folder / PLAN) | {"code": "0123456789abcdef"})
    with pytest.raises(BuildError, match="code was '0123456789abcdef'"):
        measure(config)


def test_rankings_over_other_data_are_not_taken_up(
    config: EvalConfig, measure: Measure, folder: Path, shop_folder: Path
) -> None:
    measure(config)
    (folder / "metrics.json").unlink()
    with (shop_folder / "log.csv").open("a", encoding="utf-8") as file:
        file.write("ben,tea,2024-02-01\n")
    with pytest.raises(BuildError, match=r"read\.data was"):
        measure(config)


def test_a_result_older_than_its_code_is_refused(config: EvalConfig, measure: Measure, folder: Path) -> None:
    measure(config)
    found = read_json(folder / "metrics.json")
    write_json(folder / "metrics.json", found | {"code": found["code"] | {"eval/measuring.py": "0" * 16}})
    with pytest.raises(BuildError, match=r"before eval/measuring\.py changed"):
        measure(config)


def test_the_code_that_fitted_counts_though_an_earlier_run_did_it(config: EvalConfig, measure: Measure) -> None:
    assert "retrieval/retrievers/lenskit.py" in measure(config).code


def test_a_finished_run_is_not_shown_for_data_that_has_changed(
    config: EvalConfig, measure: Measure, shop_folder: Path
) -> None:
    measure(config)
    rows = (shop_folder / "log.csv").read_text(encoding="utf-8").splitlines()
    (shop_folder / "log.csv").write_text("\n".join([*rows[:-1], ""]), encoding="utf-8")
    with pytest.raises(BuildError, match=r"other data or other code: read\.data was"):
        measure(config)


def test_a_file_that_was_only_written_again_is_the_same(
    config: EvalConfig, measure: Measure, shop_folder: Path, folder: Path
) -> None:
    found = measure(config)
    os.utime(shop_folder / "log.csv", ns=(1, 1))
    seen = read_json(folder / "inputs.json")
    assert measure(config) == found
    assert read_json(folder / "inputs.json") != seen  # so that it is read once


def test_a_damaged_ranking_is_an_error(config: EvalConfig, measure: Measure, folder: Path) -> None:
    measure(config)
    (folder / "metrics.json").unlink()
    path = folder / "rankings" / "text-0.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BuildError, match=r"text-0\.parquet is missing, cut short or damaged"):
        measure(config)


def test_two_processes_do_not_share_a_folder(config: EvalConfig, measure: Measure, folder: Path) -> None:
    measure(config)
    (folder / "metrics.json").unlink()
    with alone(folder), pytest.raises(BuildError, match="another process is at work in this folder"):
        measure(config)
    measure(config)


def test_a_ranking_of_no_number_is_written_nowhere(
    config: EvalConfig, measure: Measure, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = {"scores": np.array([np.nan, *range(11)])}
    monkeypatch.setattr("eval.systems.fit", lambda *rest: damaged)
    popular = config.model_copy(update={"systems": config.systems[1:2]})
    with pytest.raises(DataError, match=r"score=nan: popularity gives an item a score that is not a number"):
        measure(popular)
    assert not (folder / "rankings").exists()


def test_seeds_are_averaged_user_by_user(config: EvalConfig, measure: Measure, folder: Path) -> None:
    random = next(system for system in measure(config).systems if system.name == "random")
    by_seed = [values["recall@5"] for values in random.by_seed.values()]
    assert len(by_seed) == 3
    assert random.metrics["recall@5"].mean == pytest.approx(np.mean(by_seed))
    sixths = FinishedRun.read(folder).users["random"]["recall@5"] * 6  # dan buys two things, each found by 0 to 3 seeds
    assert sixths.tolist() == pytest.approx(sixths.round().tolist())


def test_every_system_is_compared_with_every_other(config: EvalConfig, measure: Measure) -> None:
    one: SystemResult = measure(config).systems[0]
    assert len(one.versus) == 2
    assert all("ndcg@10" in found for found in one.versus.values())


def test_users_without_an_answer_are_misses(
    configure: Callable[..., EvalConfig], measure: Measure, folder: Path
) -> None:
    nothing = {"name": "knn", "answers": {"kind": "item-knn", "items": 1}}
    result = measure(configure([nothing, SYSTEMS[1]]))
    answers = Answers.read(folder / "rankings" / "knn-0.parquet")
    assert [len(rows) for rows in answers.ranked] == [0, 0, 0, 0]  # one item has no neighbours
    assert FinishedRun.read(folder).users["knn"]["recall@10"].tolist() == [0, 0, 0, 0]
    assert result.system("knn").users == 4


def test_all_cheap_systems_run_together(configure: Callable[..., EvalConfig], measure: Measure, tmp_path: Path) -> None:
    ranked = tmp_path / "ranked.jsonl"
    lines = [f'{{"user_id": "{user}", "item_ids": ["tea", "milk"]}}\n' for user in ("anna", "ben", "chloe", "dan")]
    ranked.write_text("".join(lines), encoding="utf-8")
    small = {"encoder": {"dimension": 8}, "training": {"epochs": 1, "warmup_steps": 1, "validation_users": 0}}
    systems = [
        *SYSTEMS,
        {"name": "knn", "answers": {"kind": "item-knn"}},
        {"name": "ease", "answers": {"kind": "ease", "items": 5}},
        {"name": "sequence", "answers": {"kind": "sequence"} | small, "seeds": [0, 1]},
        {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"popular": 1.0, "sequence": 0.5}}, "seeds": [0, 1]},
        {"name": "blend", "answers": {"kind": "blend", "of": ["popular", "knn"], "trees": 2, "least_rows": 1}},
        {"name": "file", "answers": {"kind": "rankings-file", "path": str(ranked)}},
    ]
    result = measure(configure(systems))
    assert len(result.systems) == 9
    assert len(result.system("sequence").curves) == 1
    assert result.system("blend").checks == {}  # four users are too few to learn from
    assert result.system("file").metrics["recall@5"].mean == 3 / 8  # anna's milk, and tea, one of the two that dan buys


def test_predicted_ratings_are_measured(
    configure: Callable[..., EvalConfig], measure: Measure, shop_folder: Path
) -> None:
    header, *rows = (shop_folder / "log.csv").read_text(encoding="utf-8").splitlines()
    stars = [f"{row},{number % 5 + 1}" for number, row in enumerate(rows)]
    (shop_folder / "log.csv").write_text("\n".join([f"{header},stars", *stars, ""]), encoding="utf-8")
    data = configure(SYSTEMS).model_dump(mode="json")["data"]
    data["dataset"]["interactions"]["columns"]["rating"] = "stars"
    knn = {"kind": "user-knn", "similarity": "pearson"}
    result = measure(configure([*SYSTEMS, BIAS, BIAS | {"name": "knn", "answers": knn}], data=data))
    rated = {system.name: system.ratings for system in result.systems if system.ratings}
    assert set(rated) == {"bias", "knn"}
    assert rated["bias"].predicted == rated["knn"].predicted == 6  # anna's milk, ben's coffee, two of chloe's and dan's
    assert rated["bias"].fallbacks == 0
    assert 0 < rated["bias"].mae <= rated["bias"].rmse < 4


def test_ratings_that_there_are_none_of_are_not_predicted(
    configure: Callable[..., EvalConfig], measure: Measure, asked: list[str]
) -> None:
    with pytest.raises(DatasetError, match="this data has no ratings that could be learnt from and predicted"):
        measure(configure([SYSTEMS[1], BIAS]))
    assert asked == []


def test_a_rankings_file_that_changed_is_not_mixed_in(
    configure: Callable[..., EvalConfig], measure: Measure, folder: Path, tmp_path: Path
) -> None:
    ranked = tmp_path / "ranked.jsonl"
    ranked.write_text('{"user_id": "anna", "item_ids": ["tea"]}\n', encoding="utf-8")
    config = configure([{"name": "file", "answers": {"kind": "rankings-file", "path": str(ranked)}}])
    with pytest.raises(DatasetError, match="ranks nothing for this user"):
        measure(config)
    ranked.write_text('{"user_id": "anna", "item_ids": ["milk"]}\n', encoding="utf-8")
    with pytest.raises(BuildError, match=r"read\.file was"):
        measure(config)


@pytest.mark.parametrize(("learn_from", "held_out"), [("all-before", 1), ("before-validation", 2)])
def test_systems_are_fitted_on_what_the_rules_allow(
    configure: Callable[..., EvalConfig], measure: Measure, shop: ShopData, folder: Path, learn_from: str, held_out: int
) -> None:
    rules = {"split": "leave-one-out", "part": "test", "learn_from": learn_from}
    measure(configure(SYSTEMS[1:2], protocol=rules))
    (path,) = (folder.parent / "kept" / "fitted").glob("popularity-*.npz")
    users = [shop.log.history(user).interactions for user in shop.log.user_ids]
    kept = [i.item_id for interactions in users for i in interactions[:-held_out]]
    touched = {shop.catalogue.at(row).item_id for row in np.flatnonzero(read_arrays(path)["scores"] > 0.5)}
    assert touched == set(kept)
    assert read_arrays(path)["scores"].sum() == pytest.approx(len(kept), rel=0.05)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many candidates the model was asked about, call by call; Ctrl-C comes at the third where 0 is put first."""
    counts: list[int] = []
    score = FakeEngine.score

    def counting(self: FakeEngine, requests: Sequence[ScoringRequest], **more: object) -> tuple[object, ...]:
        if counts[:1] == [0] and len(counts) == 3:
            raise KeyboardInterrupt
        counts.extend(len(request.continuations) for request in requests)
        return score(self, requests, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEngine, "score", counting)
    return counts


def test_the_llm_is_a_system_like_any_other(
    configure: Callable[..., EvalConfig], measure: Measure, questions: list[int]
) -> None:
    result = measure(configure(RERANKED, protocol={"split": "last-basket", "part": "validation", "seen": "allowed"}))
    popular, llm = result.system("popular"), result.system("llm")
    found = llm.reranking
    assert found is not None
    assert popular.reranking is None
    assert (found.of, found.candidates) == ("popular", 6)
    assert found.churn == Churn(places=0, top_flips=0)  # packed scores know nothing of their order
    assert found.calibration_error is not None
    assert found.weight_curve.keys() >= {"0", "0.5", "1"}
    users = llm.users
    assert questions == [6] * users * (1 + 3)  # once for all three weights, and in three orders for churn
    assert result.system("none").metrics == popular.metrics
    assert found.ceiling == result.system("chance").reranking.ceiling  # type: ignore[union-attr]


def test_the_ceiling_is_recall_of_what_was_reordered_and_bounds_it(
    configure: Callable[..., EvalConfig], measure: Measure
) -> None:
    systems = [RERANKED[0], *(one | {"answers": one["answers"] | {"candidates": 2}} for one in RERANKED[1:])]  # type: ignore[operator]
    result = measure(configure(systems, cutoffs=[1, 2, 10]))
    held = {label: part.users for label, part in result.system("popular").slices["candidates"].items()}
    for name in ("chance", "llm", "half"):
        system = result.system(name)
        assert system.reranking is not None
        assert system.reranking.ceiling.mean == pytest.approx(result.system("popular").metrics["recall@2"].mean)
        assert system.metrics["recall@1"].mean <= system.reranking.ceiling.mean
        assert {label: part.users for label, part in system.slices["candidates"].items()} == held
        assert not system.reranking.weight_curve  # no weight is chosen on the test part


def test_an_interrupted_reranking_asks_nobody_twice(
    configure: Callable[..., EvalConfig], measure: Measure, questions: list[int]
) -> None:
    config = configure(RERANKED)
    questions.append(0)
    with pytest.raises(KeyboardInterrupt):
        measure(config)
    assert questions == [0, 6, 6]
    questions.clear()
    result = measure(config)
    assert questions == [6] * (result.system("llm").users * (1 + 3) - 2)


def test_the_code_that_scores_counts_though_an_earlier_run_asked(
    configure: Callable[..., EvalConfig], measure: Measure
) -> None:
    code = measure(configure(RERANKED)).code  # of the stand-in, which is asked here
    assert "llm_rerank/engines/fake.py" in code
    assert "llm_rerank/engines/transformers.py" not in code
