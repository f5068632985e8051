from benchmarks.retrieval import latency_table, latency_targets


def test_percentiles_count_both_steps() -> None:
    table = latency_table([(1.0, 2.0), (1.0, 4.0), (1.0, 6.0)], 100)
    assert [row[:2] for row in table.rows] == [("history", "1.00"), ("100 candidates", "4.00"), ("both", "5.00")]


def test_the_median_must_stay_below_twenty_milliseconds() -> None:
    assert latency_targets([(1.0, 18.0)])[0].verdict == "met"
    assert latency_targets([(1.0, 19.0)])[0].verdict == "not met"
