from finetune.shards import shards


def test_a_user_stays_in_one_file() -> None:
    assert list(shards({"a": 2, "b": 2, "c": 1, "d": 9, "e": 1}, 4)) == [("a", "b"), ("c",), ("d",), ("e",)]
    assert list(shards({}, 4)) == []
