"""The same in Chinese. Anna bought milk on 1, 3 and 5 January, and butter on 2."""

import pytest

from eval.reasons.chinese_statements import chinese_statements
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog

MILK = "“Whole milk 1 l”"
BUTTER = "“Salted butter 250 g”"


@pytest.mark.parametrize(
    ("text", "true"),
    [
        (f"您买过{MILK}3次。", [True, True]),
        (f"您购买过{MILK}2次，还买过{BUTTER}。", [True, False, True]),
        (f"您买过{MILK}3次，最近一次是2024年1月5日。", [True, True, True]),
        (f"您买过{MILK}3次，最近一次是2024年1月4日，还买过{BUTTER}。", [True, True, False, True]),
        (f"您在2024年1月2日买过{BUTTER}，这提高了模型对它的评分。", [True, True]),
        (f"您在2024年1月1日买过{BUTTER}。", [True, False]),
        (f"您评价过{MILK}。", [False]),
        (f"您买过{MILK}。“Oat milk 1 l”的类别也是dairy。", [True, True]),
        (f"您买过{MILK}。这款商品的类别是drinks，价格是2.10。", [True, False, True]),
        (f"您买过{MILK}。这款商品的类别也相同。", [True, True]),
        (f"您买过{MILK}。这款商品的品牌也是Field。", [True, False]),
        ("您买过“Whole milk 1 l”3次。我只了解您的7条记录，可能判断有误。", [True, True, True]),
        ("您买过“Whole milk 1 l”。我只了解您的1条记录，可能判断有误。", [True, False]),
        ("在试过的历史记录中，没有哪一项提高了模型对“Oat milk 1 l”的评分。", []),
    ],
)
def test_each_statement(catalogue: Catalogue, log: InteractionLog, text: str, true: list[bool]) -> None:
    cited = [catalogue["milk"], catalogue["butter"]]
    found = [one.true for one in chinese_statements(text, catalogue["oat"], cited, log.history("anna"))]
    assert found == true


def test_it_is_the_item_that_is_explained(catalogue: Catalogue, log: InteractionLog) -> None:
    milk = catalogue["milk"]
    text = "您买过它3次，最近一次是2024年1月5日。"
    assert [one.true for one in chinese_statements(text, milk, [milk], log.history("anna"))] == [True, True, True]
