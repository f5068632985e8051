from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from eval.config import EvalConfig, ProtocolConfig
from retrieval.config import read_config
from retrieval.errors import ConfigError

ROOT = Path(__file__).parents[2]
POPULAR = {"name": "popular", "answers": {"kind": "popularity"}}
FILE = {"name": "file", "answers": {"kind": "rankings-file", "path": "ranked.jsonl"}}
TRAINED = {"name": "trained", "answers": {"kind": "sequence", "trained": "var/trained"}}

RERANKED = {"name": "llm", "answers": {"kind": "reranked", "of": "popular", "candidates": 5}}
SHUFFLED = {"name": "chance", "answers": {"kind": "shuffled", "of": "popular", "candidates": 5}}

Configure = Callable[..., EvalConfig]


def joined(kind: str, *parts: str, name: str = "joined") -> dict[str, object]:
    of = dict.fromkeys(parts, 1.0) if kind == "hybrid" else list(parts)
    return {"name": name, "answers": {"kind": kind, "of": of}}


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "eval").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_benchmark_of_ours_is_valid_and_says_how_to_run_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# python -m eval.run --config {path.relative_to(ROOT)}")
    assert EvalConfig.model_validate(yaml.safe_load(text)).benchmark


def test_a_system_is_named_once(configure: Configure) -> None:
    with pytest.raises(ValidationError, match="names one system twice"):
        configure([POPULAR, POPULAR])


@pytest.mark.parametrize("name", ["../evil", "", "-x", "a b", "Ä", ".hidden"])
def test_a_name_is_safe_as_a_file(configure: Configure, name: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        configure([POPULAR | {"name": name}])


@pytest.mark.parametrize("kind", ["hybrid", "blend"])
def test_a_system_is_joined_of_those_above_it(configure: Configure, kind: str) -> None:
    assert len(configure([POPULAR, joined(kind, "popular")]).systems) == 2
    for systems in ([joined(kind, "popular"), POPULAR], [joined(kind, "joined")]):
        with pytest.raises(ValidationError, match="which no system above it is called"):
            configure(systems)


@pytest.mark.parametrize("between", [[], [joined("hybrid", "popular", "file", name="between")]])
def test_a_blend_does_not_learn_from_what_knows_what_came_after(
    configure: Configure, between: list[dict[str, object]]
) -> None:
    with pytest.raises(ValidationError, match="knows what came after the moment it learns at"):
        configure([POPULAR, FILE, *between, joined("blend", "between" if between else "file")])


@pytest.mark.parametrize("reordering", [RERANKED, SHUFFLED])
def test_a_system_above_is_reordered_within_its_depth(configure: Configure, reordering: dict[str, object]) -> None:
    assert len(configure([POPULAR, reordering]).systems) == 2
    with pytest.raises(ValidationError, match="which no system above it is called"):
        configure([reordering, POPULAR])
    with pytest.raises(ValidationError, match=r"reorders 5, more than depth \(4\)"):
        configure([POPULAR, reordering], depth=4, cutoffs=[4], headline="ndcg@4")


@pytest.mark.parametrize("reordering", [RERANKED, SHUFFLED])
def test_a_blend_is_reranked_and_learns_from_nothing_reranked(
    configure: Configure, reordering: dict[str, object]
) -> None:
    name = str(reordering["name"])
    between = joined("hybrid", "popular", name, name="between")
    for part in (name, "between"):
        with pytest.raises(ValidationError, match=f"cannot learn from {name}, which only reorders another system"):
            configure([POPULAR, reordering, between, joined("blend", part)])
    above = joined("blend", "popular", name="popular-blend")
    of_blend = {"name": "llm", "answers": {"kind": "reranked", "of": "popular-blend", "candidates": 5}}
    assert configure([POPULAR, above, of_blend])


def test_churn_needs_two_orders(configure: Configure) -> None:
    answers = {"kind": "reranked", "of": "popular", "candidates": 5, "permutations": {"orders": 1}}
    with pytest.raises(ValidationError, match=r"permutations\.orders"):
        configure([POPULAR, {"name": "llm", "answers": answers}])


def test_a_benchmark_names_one_adapter_and_no_channel(configure: Configure) -> None:
    """What a channel serves changes, and a finished run would be shown for another adapter."""
    answers = {"kind": "reranked", "of": "popular", "candidates": 5, "adapter": "var/adapters/0123456789ab"}
    assert configure([POPULAR, {"name": "llm", "answers": answers}])
    with pytest.raises(ValidationError, match="name the adapter's folder, such as var/adapters/ID"):
        configure([POPULAR, {"name": "llm", "answers": answers | {"adapter": {"registry": "var/adapters"}}}])


def test_what_was_trained_elsewhere_is_not_judged(configure: Configure) -> None:
    with pytest.raises(ValidationError, match="trained was trained on may hold the answers"):
        configure([TRAINED])


def test_fusing_learns_nothing_and_may_use_a_file(configure: Configure) -> None:
    assert configure([POPULAR, FILE, joined("hybrid", "popular", "file")])


def test_only_what_reads_titles_can_have_them_shuffled(configure: Configure) -> None:
    assert configure([{"name": "text", "answers": {"kind": "text"}, "shuffled_titles": True}])
    with pytest.raises(ValidationError, match="popular does not read them"):
        configure([POPULAR | {"shuffled_titles": True}])


@pytest.mark.parametrize("answers", [{"kind": "rating-bias"}, {"kind": "user-knn", "similarity": "pearson"}])
def test_what_scores_by_ratings_can_predict_them(configure: Configure, answers: dict[str, object]) -> None:
    assert configure([{"name": "mine", "answers": answers, "predicts_ratings": True}]).systems[0].predicts_ratings


@pytest.mark.parametrize("answers", [{"kind": "popularity"}, {"kind": "user-knn"}, {"kind": "als"}])
def test_a_system_whose_scores_are_no_ratings(configure: Configure, answers: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="predicts_ratings: the scores of mine are no ratings; only those of rat"):
        configure([{"name": "mine", "answers": answers, "predicts_ratings": True}])


def test_an_error_in_a_file_names_field_value_and_remedy(configure: Configure, tmp_path: Path) -> None:
    content = configure([POPULAR]).model_dump(mode="json")
    content["systems"][0]["predicts_ratings"] = True
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"systems\.0='.*mine\.yaml': .* popular are no ratings; .* Correct that"):
        read_config(tmp_path / "mine.yaml", EvalConfig)


def test_a_cutoff_beyond_the_rankings(configure: Configure) -> None:
    with pytest.raises(ValidationError, match=r"beyond depth \(12\)"):
        configure([POPULAR], cutoffs=[10, 20])


def test_a_goal_is_for_a_system_that_there_is(configure: Configure) -> None:
    goal = {"system": "knn", "metric": "ndcg@10", "at_least": 0.1, "source": "a paper"}
    with pytest.raises(ValidationError, match=r"no system is called \['knn'\]"):
        configure([POPULAR], goals=[goal])


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"split": "global-time", "part": "test"}, "needs the moment"),
        ({"split": "last-basket", "at": "2024-01-01T00:00:00Z"}, "needs the moment"),
        ({"split": "global-time", "part": "validation", "at": "2024-01-01T00:00:00Z"}, "one part"),
    ],
)
def test_a_time_split_and_no_other_has_a_moment(rules: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ProtocolConfig.model_validate(rules)


def test_a_headline_or_goal_that_is_not_measured(configure: Configure) -> None:
    with pytest.raises(ValidationError, match=r"headline: ndcg@7 is not measured with these cutoffs"):
        configure([POPULAR], headline="ndcg@7")
    goal = {"system": "popular", "metric": "auc", "at_least": 0.1, "source": "a paper"}
    with pytest.raises(ValidationError, match=r"'auc'.*is not measured"):
        configure([POPULAR], goals=[goal])


@pytest.mark.parametrize("at", [None, "2024-01-03"], ids=["no moment", "no time zone"])
def test_a_global_time_split_says_how_to_write_its_moment(at: str | None) -> None:
    with pytest.raises(ValidationError, match=r"2026-09-01T00:00:00\+02:00"):
        ProtocolConfig.model_validate({"split": "global-time", "part": "test", "at": at})


def test_a_system_that_is_misspelt_is_told_the_names(configure: Configure) -> None:
    hybrid = {"name": "hybrid", "answers": {"kind": "hybrid", "of": {"populer": 1}}}
    with pytest.raises(ValidationError, match=r"\['populer'\].*these are: \['popular'\]"):
        configure([POPULAR, hybrid])


def test_a_part_that_the_split_does_not_have(configure: Configure) -> None:
    config = configure([POPULAR])
    at = {"split": "global-time", "part": "test", "at": "2024-01-03T00:00:00Z"}
    timed = config.model_copy(update={"protocol": type(config.protocol).model_validate(at)})
    with pytest.raises(ConfigError, match="no such part"):
        timed.of_part("validation")
