from eval.pages.markup import facts, figure, page, section, table, tag


def test_text_is_escaped_everywhere() -> None:
    bad = "<img src=x onerror=alert(1)>\"'"
    parts = [
        tag("p", bad),
        table(bad, [bad], [[bad, (bad, "doubt")]]),
        facts([(bad, bad)]),
        figure(tag("b", ""), bad, bad),
    ]
    text = page(bad, *parts)
    assert "<img" not in text
    assert text.count("&lt;img") == 11


def test_a_table_says_what_its_headings_are_for() -> None:
    text = table("Fruit", ["name", "price"], [["pear", ("2", "good")]])
    assert "<caption><span>Fruit</span></caption>" in text
    assert '<th scope="col">price</th>' in text
    assert '<th scope="row">pear</th><td class="good">2</td>' in text


def test_a_section_without_content_is_left_out() -> None:
    assert section("Goals") == ""


def test_a_page_can_load_nothing() -> None:
    assert "default-src 'none'" in page("title")
