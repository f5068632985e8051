"""A lift as a page of Markdown."""

from eval.lift.result import LiftResult, Row, told
from eval.pages.tables import as_markdown

_FEATURES = 12  # of the importances that are shown


def lift_page(result: LiftResult) -> str:
    """The table, how it was made, and what it rests on."""
    held, weight = f"{result.held:,} of {result.users:,}", f"{result.weight:g}"
    origin = f"`{result.command}`; {result.device}; the LLM on {result.scored_on}; {result.date}."
    who = (
        f"{held} users took something that is among retrieval's first candidates; {result.asked:,} of them were asked "
        f"about. The fusion was learnt from {result.learners:,} users of the part before; adapter {result.adapter}."
    )
    checks = ", ".join(f"{variant} {value:.4f}" for variant, value in result.checks.items())
    errors = ", ".join(f"{name} {error:.4f}" for name, error in result.calibration_error.items())
    chosen = (
        f"Chosen for `fused`: {result.chosen} (NDCG@10 among the candidates, of learners that were not learnt from: "
        f"{checks}). The best single weight on learners: {weight}. Expected calibration error of the probability that "
        f"a candidate is taken: {errors}."
    )
    adds = (
        f"What the LLM adds: trees with it minus trees without it, {result.llm_adds.difference} of NDCG@10 "
        f"(p = {result.llm_adds.p_value:.4f}). The rest of a lift is what trees make of retrieval's own scores."
    )
    return (
        "\n\n".join(
            [
                f"# {as_markdown(result.title)}",
                origin,
                who,
                "\n".join(f"- {as_markdown(rule)}" for rule in result.protocol),
                _table(result.rows),
                adds,
                *_goals(result),
                chosen,
                _by_history(result.rows),
                _importance(result.importance),
            ]
        )
        + "\n"
    )


def _goals(result: LiftResult) -> list[str]:
    lines = []
    for goal in result.goals:
        found = result.interval(goal)
        value = "" if found is None else f"{told(goal, found.mean)}, "
        wanted = f"goal >= {told(goal, goal.at_least)}: {result.standing(goal)}. {as_markdown(goal.source)}"
        lines.append(f"- {goal.row}, {goal.figure}: {value}{wanted}")
    return ["\n".join(lines)] if lines else []


def _table(rows: list[Row]) -> str:
    lines = [
        "| order | NDCG@10 | recall@10 | lift of NDCG@10 | difference | p | NDCG@10, everybody |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        versus = row.versus.get("ndcg@10")
        gained, p = (f"{versus.difference}", f"{versus.p_value:.4f}") if versus else ("", "")
        everybody = str(row.everybody["ndcg@10"]) if row.everybody else ""
        figures = f"{row.held['ndcg@10']} | {row.held['recall@10'].mean:.4f} | {row.lift:+.1%}"
        lines.append(f"| {row.name} | {figures} | {gained} | {p} | {everybody} |")
    return "\n".join(lines)


def _by_history(rows: list[Row]) -> str:
    labels = list(rows[0].slices)
    lines = [
        f"| NDCG@10 by history | {' | '.join(f'{label} ({rows[0].slices[label].users:,})' for label in labels)} |",
        f"| --- |{' --- |' * len(labels)}",
    ]
    for row in rows:
        lines.append(f"| {row.name} | {' | '.join(str(row.slices[label].metrics['ndcg@10']) for label in labels)} |")
    return "\n".join(lines)


def _importance(importance: dict[str, float]) -> str:
    lines = ["| feature of the trees that hear the LLM | share of the gain |", "| --- | --- |"]
    lines += [f"| {name} | {share:.1%} |" for name, share in list(importance.items())[:_FEATURES]]
    return "\n".join(lines)
