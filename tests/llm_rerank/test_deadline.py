from llm_rerank.deadline import Deadline


def test_it_is_set_once_its_time_has_passed() -> None:
    early, late = Deadline(0), Deadline(60_000)
    assert (early.passed, early.is_set()) == (True, True)
    assert (late.passed, late.is_set()) == (False, False)
    assert str(early) == "the deadline of 0 ms has passed"


def test_a_caller_may_go_before() -> None:
    late = Deadline(60_000)
    late.set()
    assert (late.passed, late.is_set()) == (False, True)
