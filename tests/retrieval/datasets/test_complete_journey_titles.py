import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.datasets.complete_journey_titles import compose, human_size, humanise, vocabulary_of

KNOWN = vocabulary_of(["BULK BAG", "CHEESE CRACKERS", "TONIC ALE"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("FRZN ICE", "Frozen Ice"),
        ("BREAD:ITALIAN/FRENCH", "Bread: Italian/French"),
        ("REFRGRATD DOUGH PRODUCTS", "Refrigerated Dough Products"),
        ("SOLID/STK DEODORANTS", "Solid/Stick Deodorants"),
        ("BEERALEMALT LIQUORS", "Beer/Ale/Malt Liquors"),
        ("FLUID MILK WHITE ONLY", "Fluid Milk White Only"),
        ("CHICKEN BREAST BONE IN", "Chicken Breast Bone in"),
        ("CHRISTMAS  SEASONAL", "Christmas Seasonal"),
        ("FEM. HYGN.NAPKINS", "Feminine Hygiene Napkins"),
        ("POPULAR 750ML WINES", "Popular 750 ml Wines"),
        ("CHILDREN S ACTIVITY", "Children's Activity"),
        ("SW GDS:DONUTS", "Sweet Goods: Donuts"),
        ("BBQ SAUCE", "BBQ Sauce"),
        ("PREPARED BEANS - BAKED W/PORK", "Prepared Beans - Baked with Pork"),
    ],
)
def test_words_are_spelled_out(source: str, said: str) -> None:
    assert humanise(source, KNOWN) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("CANDY BARS (SINGLES)(INCLUDING", "Candy Bars (Singles)"),
        ("CHEESE CRACKERS (CHEEZ-ITS/GOL", "Cheese Crackers (Cheez-Its)"),
        ("APPLES RED DELICIOUS (BULK&BAG", "Apples Red Delicious (Bulk and Bag)"),
        ("MIXERS(TONIC WTR/GNGR ALE)FLAV", "Mixers (Tonic Water/Ginger Ale) Flavored"),
        ("FRZN SS PREMIUM ENTREES/DNRS/N", "Frozen Single Serve Premium Entrees/Dinners"),
        ("BLENDED JUICE&COMBINATIONS (OV", "Blended Juice and Combinations (Over 50% Juice)"),
        ("PREMIUM COOKIES (EX: PEPPERIDG", "Premium Cookies"),
        ("TRADITIONAL VODKA(42 UNDER PRO", "Traditional Vodka (Under 42 Proof)"),
    ],
)
def test_what_the_source_cut_off_ends_at_the_last_whole_word(source: str, said: str) -> None:
    assert len(source) == 30
    assert humanise(source, KNOWN) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("22 LB", "22 lb"),
        ("1/2 GAL", "1/2 gal"),
        ("300 CT(1)", "300 ct"),
        (".5 L", "0.5 L"),
        ("2 L*", "2 L"),
        ("12 PK/12 OZ", "12 pack/12 oz"),
        ("AB    8 OZ", "8 oz"),
        ("10 CT/17.5 Z", "10 ct/17.5 oz"),
        ("CTN", "carton"),
        ("SCAN KPC", ""),
        ("MN15 VRDZSS", ""),
    ],
)
def test_sizes_are_written_as_people_do_and_codes_are_left_out(source: str, said: str) -> None:
    assert human_size(source) == said


@pytest.mark.parametrize(
    ("parts", "title"),
    [
        (("Potato Chips", "Bag Snacks", "5.5 oz", "store brand"), "Potato Chips, Bag Snacks, 5.5 oz, store brand"),
        (("Apples Gala", "Apples", "", ""), "Apples Gala"),
        (("Seasonal", "Christmas Seasonal", "", ""), "Christmas Seasonal"),
        (("Premium", "Ice Cream", "56 oz", ""), "Premium, Ice Cream, 56 oz"),
        (("Frozen Meat", "Frozen", "", ""), "Frozen Meat"),
        (("Frozen Fruit", "Frozen Pie", "", ""), "Frozen Fruit, Frozen Pie"),
        (("", "Spices", "2 oz", ""), "Spices, 2 oz"),
        (("Yogurt", "", "", ""), "Yogurt"),
    ],
)
def test_a_title_says_what_type_and_category_share_only_once(parts: tuple[str, str, str, str], title: str) -> None:
    assert compose(*parts) == title


@given(st.text(alphabet="ABCW ()/&-:,.'%19 ", max_size=30))
def test_no_phrase_leaves_a_parenthesis_open_or_a_double_space(phrase: str) -> None:
    said = humanise(phrase, frozenset())
    assert said.count("(") <= said.count(")")
    assert "  " not in said
    assert said == said.strip()
