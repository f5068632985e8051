"""What facts allow to be said in English.

Every text names a cited act, or says that there is none. None says that the suggestion follows from the act: whether
it does depends on the weight of the model's score.
"""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Final

from llm_rerank.explanations.attributes import Attribute, details_of, shared
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.names import any_of, names_in
from llm_rerank.explanations.phrases import Exactly, Phrase, maybe, one_of, row
from retrieval.records import InteractionKind

_VERBS: Final[dict[InteractionKind, Phrase]] = {
    "purchase": one_of("bought", "purchased"),
    "view": one_of("viewed", "looked at"),
    "rating": one_of("rated"),
    "search": one_of("searched for"),
}
_NOUNS: Final[dict[InteractionKind, tuple[str, str]]] = {
    "purchase": ("purchase of ", "purchases of "),
    "view": ("look at ", "looks at "),
    "rating": ("rating of ", "ratings of "),
    "search": ("search for ", "searches for "),
}
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_YOU: Final = one_of("You ", understood=("You have ", "You’ve ", "You've "))
_AND: Final = one_of(", and ", " and ", " and also ", understood=(", and also ", ", and you ", " and you "))
_END: Final = one_of(".", understood=("!",))


class _Cited:
    """An act in words; `own` where what is cited is what is suggested."""

    def __init__(self, act: CitedAct, names: tuple[str, ...], *, own: bool) -> None:
        title = any_of(names)
        one, many = _NOUNS[act.kind]
        self.act = act
        self.own = own
        self.name = one_of(title, understood=("this item", "this")) if own else title
        self.verb = _VERBS[act.kind]
        self.often = _often(act.times)
        self.how = row(maybe(self.often), maybe(_when(act)))
        self.acts = row(one, self.name) if act.times == 1 else row(_number(act.times), " ", many, self.name)


class _Suggested:
    """The item that is explained, in words."""

    def __init__(self, facts: Facts, names: tuple[str, ...]) -> None:
        self.item = facts.item
        self.title = any_of(names)
        self.details = details_of(facts.item)

    def called(self, said: Phrase | str) -> Phrase:
        """That; its title and "this item" are understood."""
        return one_of(said, understood=(self.title, "this item"))


def english(facts: Facts) -> Phrase:
    """ "You bought A twice, last on 5 January. B is also in the category Dairy." and its many variants."""
    names = names_in(facts)
    item = _Suggested(facts, names.suggestion)
    if not facts.acts:
        return _without_acts(item)
    own = facts.item.item_id
    cited = [_Cited(a, called, own=a.item.item_id == own) for a, called in zip(facts.acts, names.cited, strict=True)]
    return one_of(*(_with(acts, item) for count in (1, 2) for acts in permutations(cited, count)))


def _without_acts(item: _Suggested) -> Phrase:
    nothing = row("Nothing that was tried of your history raised the model's score of ", item.called(item.title), _END)
    about = _about(item, item.called("This item"))
    return one_of(*(row(nothing, " ", each) for each in about), *(row(each, " ", nothing) for each in about), nothing)


def _with(acts: Sequence[_Cited], item: _Suggested) -> Phrase:
    """A sentence or two that cite just these acts; one of them names the item by its title, hardly both."""
    if any(cited.own for cited in acts):
        return _sentences(acts, item, item.called("this item"), item.called("This item"), ())
    alike = shared(item.item, *(cited.act.item for cited in acts))
    texts = [
        _sentences(acts, item, item.called(item.title), item.called("This item"), alike),
        _sentences(acts, item, item.called("this item"), item.called(item.title), alike),
    ]
    described = [attribute for attribute in alike if attribute.tells]
    if described and len(acts) == 1:
        texts.append(one_of(*(_like(acts[0], item, attribute) for attribute in described)))
    return one_of(*texts)


def _sentences(
    acts: Sequence[_Cited], item: _Suggested, first: Phrase, then: Phrase, alike: Sequence[Attribute]
) -> Phrase:
    """What was done, and what it did to the score or more; the item is called `first` there, and `then` here."""
    done = _done(acts)
    raised = row(done, ", which raised the model's score of ", first)
    also = [one_of(*(_also(then, attribute) for attribute in alike))] if alike else []
    more = [row(" ", sentence) for sentence in [_proposal(then), *_about(item, then), *also]]
    scored = row(one_of(raised, _measured(acts, first)), _END, one_of("", *more))
    return one_of(scored, scored, row(done, _END, one_of(*more)), understood=(row(done, _END),))


def _done(acts: Sequence[_Cited]) -> Phrase:
    """You bought A twice and B once. Where one verb serves for both, both are counted, or none is."""
    first, *others = acts
    done = row(_YOU, first.verb, " ", first.name, first.how)
    if not others:
        return done
    (other,) = others
    again = row(done, _AND, other.verb, " ", other.name, other.how)
    if first.act.kind != other.act.kind:
        return again
    plain = row(_YOU, first.verb, " ", first.name, " and ", other.name)
    counted = row(_YOU, first.verb, " ", first.name, first.often, " and ", other.name, other.often)
    return one_of(again, plain, counted)


def _measured(acts: Sequence[_Cited], item: Phrase) -> Phrase:
    """Your three purchases of A raised the model's score of B: without them it is lower."""
    if len(acts) == 1:
        (cited,) = acts
        raised = row("Your ", cited.acts, " raised the model's score of ", item)
        return one_of(raised, row("With ", cited.name, " in your history, the model scores ", item, " higher"))
    first, other = acts
    both = row(first.name, " and ", other.name, " in your history")
    acted = row("Your ", first.acts, " and your ", other.acts)
    return row(one_of(both, acted), " each raised the model's score of ", item)


def _like(cited: _Cited, item: _Suggested, attribute: Attribute) -> Phrase:
    """Like A, which you bought twice, B is in the category Dairy."""
    told = row(cited.name, ", which you ", cited.verb, cited.how)
    listed = _listed(attribute)
    like = row("Like ", told, ", ", item.title, " is ", listed)
    return row(one_of(like, row(item.title, " and ", told, ", are both ", listed)), _END)


def _also(item: Phrase, attribute: Attribute) -> Phrase:
    """What the item has in common with all that the sentence before it cites."""
    same = row(item, " has the same ", attribute.name)
    if not attribute.tells:
        return row(same, _END)
    listed = _listed(attribute)
    also = [row(item, " is also ", listed, _END), row(item, " is ", listed, " too", _END)]
    # Two national brands need not be one: a value that says its own name is no thing that is shared.
    named = () if attribute.repeats_its_name else (row(same, ", ", Exactly(attribute.value), _END),)
    return one_of(*also, *named)


def _about(item: _Suggested, called: Phrase) -> tuple[Phrase, ...]:
    """What the catalogue says of the item; nothing where its title says it all."""
    listed = [_listed(attribute) for attribute in item.details]
    pairs = [row(one, " and ", other) for one, other in combinations(listed, 2)]
    return (row(called, " is ", one_of(*listed, *pairs), _END),) if listed else ()


def _proposal(item: Phrase) -> Phrase:
    proposed = one_of(row("We suggest ", item), row("The shop suggests ", item))
    return row(one_of(proposed, row(item, " is suggested"), row(item, " is recommended")), _END)


def _listed(attribute: Attribute) -> Phrase:
    """in the category Dairy"""
    match attribute.name:
        case "category" | "department":
            before = f"in the {attribute.name} "
        case "brand":
            before = "listed as " if attribute.repeats_its_name else "of the brand "
        case "price":
            before = "priced at "
        case other:
            before = f"listed with the {other} "
    return row(before, Exactly(attribute.value))


def _often(times: int) -> Phrase:
    digits = f" {times} times"
    if times == 1:
        return one_of(" once", understood=(digits, " 1 time", " one time"))
    words = " twice" if times == 2 else f" {_number(times)} times"
    return one_of(words, digits, understood=(" two times",) if times == 2 else ())


def _when(act: CitedAct) -> Phrase:
    """A date without "last" is true of one act only."""
    day = one_of(f"{act.last.day} {act.last:%B}", f"{act.last.day} {act.last:%B} {act.last.year}")
    last = [row(f"{comma} {word} on ", day) for comma in (",", "") for word in ("last", "most recently")]
    if act.times > 1:
        return one_of(*last[:2], understood=last)
    return one_of(row(" on ", day), f" in {act.last:%B} {act.last.year}", understood=last)


def _number(times: int) -> str:
    return _NUMBERS[times] if times < len(_NUMBERS) else str(times)
