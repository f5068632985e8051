from pydantic import SecretStr

from llm_rerank.service.salts import Salts


def test_everybody_has_one_and_only_who_knows_the_secret_can_make_it() -> None:
    salts = Salts(SecretStr("one"))
    assert salts.of("shop", "anna") == Salts(SecretStr("one")).of("shop", "anna")
    others = {
        salts.of("shop", "ben"),
        salts.of("other", "anna"),
        salts.of("sho", "panna"),
        Salts(SecretStr("two")).of("shop", "anna"),
        Salts(None).of("shop", "anna"),
        Salts(None).of("shop", "anna"),
    }
    assert len(others | {salts.of("shop", "anna")}) == 7


def test_where_nobody_is_named_it_is_that_of_what_is_read() -> None:
    salts = Salts(None)
    assert salts.of("shop", None, ["tea", "oat"]) == salts.of("shop", None, ("tea", "oat"))
    read = (["tea", "oat"], ["tea"], ["tea, oat"], [])
    others = {salts.of("shop", None, one) for one in read} | {salts.of("other", None, ["tea"]), salts.of("shop", "")}
    assert len(others) == 6
