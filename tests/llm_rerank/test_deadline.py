from llm_rerank.deadline import Deadline


def test_it_is_set_once_its_time_has_passed() -> None:
    early, late = Deadline(0), Deadline(60_000)
    assert (early.passed, early.is_set()) == (True, True)
    assert (late.passed, late.is_set()) == (False, False)
    assert str(early) == "the deadline of 0 ms has passed"


def test_who_waits_for_it_waits_no_longer_than_its_time() -> None:
    assert Deadline(10).wait()
    assert Deadline(10).wait(60)
    assert not Deadline(60_000).wait(0.01)


def test_a_caller_may_go_before() -> None:
    late = Deadline(60_000)
    late.set()
    assert (late.passed, late.is_set()) == (False, True)
