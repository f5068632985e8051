import pytest

from retrieval.differences import differences


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"seed": 0}, {"seed": 7}, "seed was 0 and is now 7"),
        ({"index": {"kind": "faiss"}}, {"index": {"kind": "exact"}}, "index.kind was 'faiss' and is now 'exact'"),
        ({"sources": [{"weight": 1}]}, {"sources": [{"weight": 2}]}, "sources.0.weight was 1 and is now 2"),
        ({"sources": ["text"]}, {"sources": ("text", "als")}, "sources.1 was None and is now 'als'"),
        ({"blend": {"trees": 9}}, {"blend": None}, "blend.trees was 9 and is now None"),
        (1, 2, " was 1 and is now 2"),
    ],
)
def test_what_differs_is_named_by_its_key(before: object, now: object, said: str) -> None:
    assert differences(before, now) == said


def test_the_same_in_another_order_is_the_same() -> None:
    assert differences({"a": 1, "b": [1, 2]}, {"b": (1, 2), "a": 1}) == ""


def test_an_optional_key_that_a_later_version_brought_is_no_difference() -> None:
    assert differences({"seed": 0}, {"seed": 0, "blend": None}) == ""


@pytest.mark.parametrize(("changed", "end"), [(3, "c was 0 and is now 1"), (5, "and 2 more")])
def test_three_are_named_and_the_rest_counted(changed: int, end: str) -> None:
    names = "abcde"[:changed]
    said = differences(dict.fromkeys(names, 0), dict.fromkeys(names, 1))
    assert said.startswith("a was 0 and is now 1; b was 0")
    assert said.endswith(end)
