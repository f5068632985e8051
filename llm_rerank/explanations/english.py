"""What facts allow to be said in English.

Every text names a cited act, or says that there is none. None says that the suggestion follows from the act: whether
it does depends on the weight of the model's score.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations, permutations
from typing import Final

from llm_rerank.explanations.attributes import Attribute, details_of, shared
from llm_rerank.explanations.english_acts import EnglishAct
from llm_rerank.explanations.facts import CitedAct, Facts, cited_together
from llm_rerank.explanations.names import any_of, names_in
from llm_rerank.explanations.phrases import Exactly, Phrase, one_of, row

_YOU: Final = one_of("You ", understood=("You have ", "You’ve ", "You've "))
_AND: Final = one_of(", and ", " and ", " and also ", understood=(", and also ", ", and you ", " and you "))
_END: Final = one_of(".", understood=("!",))


class _Suggested:
    """The item that is explained, in words."""

    def __init__(self, facts: Facts, names: tuple[str, ...]) -> None:
        self.item = facts.item
        self.title = any_of(names)
        self.details = details_of(facts.item)

    def called(self, said: Phrase | str) -> Phrase:
        """That; its title and "this item" are understood."""
        return one_of(said, understood=(self.title, "this item"))


def english(facts: Facts, acts: Sequence[CitedAct]) -> Phrase:
    """ "You bought A twice, last on 5 January. B is also in the category Dairy." and its many variants, which cite one
    or two of these acts.
    """
    names = names_in(facts)
    item = _Suggested(facts, names.suggestion)
    if not facts.acts:
        return _without_acts(item)
    own = facts.item.item_id
    named = zip(facts.acts, names.cited, strict=True)
    cited = [EnglishAct(a, called, own=a.item.item_id == own) for a, called in named if a in acts]
    return one_of(*(_with(acts, item) for count in (1, 2) for acts in permutations(cited, count)))


def english_proposals(facts: Facts) -> Phrase:
    """ "We suggest this item." """
    item = _Suggested(facts, names_in(facts).suggestion)
    return _proposal(item.called("This item"), item.called("this item"))


def english_seconds(facts: Facts) -> Phrase:
    """What may stand after the sentence about what was done."""
    item = _Suggested(facts, names_in(facts).suggestion)
    opening = item.called("This item")
    common = [shared(item.item, *(act.item for act in acts)) for acts in cited_together(facts)]
    also = [_any_about(alike, partial(_also, opening)) for alike in common if alike]
    return one_of(english_proposals(facts), *_about(item, opening), *also)


def before(attribute: Attribute) -> str:
    """What stands before its value: "in the category "."""
    match attribute.name:
        case "category" | "department":
            return f"in the {attribute.name} "
        case "brand":
            return "listed as " if attribute.repeats_its_name else "of the brand "
        case "price":
            return "priced at "
        case other:
            return f"listed with the {other} "


def _without_acts(item: _Suggested) -> Phrase:
    nothing = row("Nothing that was tried of your history raised the model's score of ", item.called(item.title), _END)
    about = _about(item, item.called("This item"))
    return one_of(*(row(nothing, " ", each) for each in about), *(row(each, " ", nothing) for each in about), nothing)


def _with(acts: Sequence[EnglishAct], item: _Suggested) -> Phrase:
    """A sentence or two that cite just these acts; one of them names the item by its title, hardly both."""
    if any(cited.own for cited in acts):
        return _sentences(acts, item, (), first="this item", then="this item")
    alike = shared(item.item, *(cited.act.item for cited in acts))
    texts = [
        _sentences(acts, item, alike, first=item.title, then="this item"),
        _sentences(acts, item, alike, first="this item", then=item.title),
    ]
    described = [attribute for attribute in alike if attribute.tells]
    if described and len(acts) == 1:
        texts.append(_any_about(described, partial(_like, acts[0], item)))
    return one_of(*texts)


def _sentences(
    acts: Sequence[EnglishAct], item: _Suggested, alike: Sequence[Attribute], *, first: Phrase | str, then: Phrase | str
) -> Phrase:
    """What was done, and what it did to the score or more; the item is called `first` there, and `then` here."""
    done = _done(acts)
    raised = row(done, ", which raised the model's score of ", item.called(first))
    opening = item.called("This item" if then == "this item" else then)
    also = [_any_about(alike, partial(_also, opening))] if alike else []
    more = [row(" ", sentence) for sentence in [_proposal(opening, item.called(then)), *_about(item, opening), *also]]
    scored = row(one_of(raised, _measured(acts, item.called(first))), _END, one_of("", *more))
    return one_of(scored, scored, row(done, _END, one_of(*more)), understood=(row(done, _END),))


def _any_about(attributes: Sequence[Attribute], about: Callable[[Attribute], Phrase]) -> Phrase:
    """One of them; what says its own name ("national brand") is said only where there is nothing else."""
    dull = [about(attribute) for attribute in attributes if attribute.repeats_its_name]
    good = [about(attribute) for attribute in attributes if not attribute.repeats_its_name]
    return one_of(*good, understood=dull) if good else one_of(*dull)


def _done(acts: Sequence[EnglishAct]) -> Phrase:
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


def _measured(acts: Sequence[EnglishAct], item: Phrase) -> Phrase:
    """Your three purchases of A raised the model's score of B: without them it is lower."""
    if len(acts) == 1:
        (cited,) = acts
        raised = row("Your ", cited.acts, " raised the model's score of ", item)
        return one_of(raised, row("With ", cited.name, " in your history, the model scores ", item, " higher"))
    first, other = acts
    both = row(first.name, " and ", other.name, " in your history")
    acted = row("Your ", first.acts, " and your ", other.acts)
    return row(one_of(both, acted), " each raised the model's score of ", item)


def _like(cited: EnglishAct, item: _Suggested, attribute: Attribute) -> Phrase:
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
    if not item.details:
        return ()
    pairs = [row(_listed(one), " and ", _listed(other)) for one, other in combinations(item.details, 2)]
    return (row(called, " is ", one_of(_any_about(item.details, _listed), *pairs), _END),)


def _proposal(opening: Phrase, item: Phrase) -> Phrase:
    passive = row(opening, one_of(" is suggested", " is recommended"))
    return row(one_of(row("We suggest ", item), row("The shop suggests ", item), passive, passive), _END)


def _listed(attribute: Attribute) -> Phrase:
    """in the category Dairy"""
    return row(before(attribute), Exactly(attribute.value))
