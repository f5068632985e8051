"""Pieces of an HTML page. What a caller passes is text and is escaped here, once; only `Markup` passes as it is."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, NewType

Markup = NewType("Markup", str)
"""HTML that this module or `plots` made."""

Cell = str | tuple[str, str]
"""Text, or text and its class: good, bad or doubt, or text where it is long."""

_STYLE: Final = """
:root { color-scheme: light dark; --soft: #8884; --good: #1b7f4d; --bad: #b3452c; --doubt: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --good: #5fce95; --bad: #f08a6e; --doubt: #e0b040; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.verdict { font-size: 1.15rem; border-left: .3rem solid var(--good); padding: .2rem .8rem; }
.verdict.doubt { border-color: var(--doubt); }
.good { color: var(--good); } .bad { color: var(--bad); } .doubt { color: var(--doubt); }
.bad, .doubt { font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; opacity: .8; }
caption span { display: block; position: sticky; left: 0; max-width: min(90vw, 68rem); white-space: normal; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--soft); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th, td { overflow-wrap: normal; } thead th { white-space: normal; max-width: 14rem; vertical-align: bottom; }
tbody th { white-space: normal; min-width: 6rem; max-width: 16rem; overflow-wrap: break-word; }
td.text { white-space: normal; text-align: left; min-width: 12rem; overflow-wrap: break-word; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.plots { gap: 1.5rem; align-items: start; }
figure { margin: 0; max-width: 34rem; } figcaption { font-size: .9rem; opacity: .8; } svg { width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
code { font-size: .9em; } summary { cursor: pointer; }
"""


def page(title: str, *parts: Markup) -> str:
    """A whole page that needs nothing but itself."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Nothing may be loaded or run, whatever a result has in it.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in (tag("h1", title), *parts) if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def tag(name: str, *content: str, kind: str = "") -> Markup:
    """One element around text."""
    return Markup(f"<{name}{_class(kind)}>{escape(''.join(content))}</{name}>")


def group(name: str, parts: Iterable[Markup], *, kind: str = "") -> Markup:
    """One element around others."""
    return Markup(f"<{name}{_class(kind)}>{''.join(parts)}</{name}>")


def section(title: str, *parts: Markup) -> Markup:
    """A heading and what stands under it; nothing where there is nothing."""
    return group("section", [tag("h2", title), *parts]) if any(parts) else Markup("")


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Markup:
    """The first cell of a row is its heading. It scrolls where it is too wide."""
    head = Markup("".join(f'<th scope="col">{escape(column)}</th>' for column in columns))
    body = [Markup(f"<tr>{_heading(first)}{''.join(map(_cell, rest))}</tr>") for first, *rest in rows]
    return Markup(
        f'<div class="wide" tabindex="0"><table><caption><span>{escape(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead>{group('tbody', body)}</table></div>"
    )


def figure(picture: Markup, described: str, caption: str) -> Markup:
    """A picture with what it shows in words, for those who cannot see it."""
    image = f'<div role="img" aria-label="{escape(described)}">{picture}</div>'
    return Markup(f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>")


def details(summary: str, *parts: Markup) -> Markup:
    """Closed until somebody asks."""
    return group("details", [tag("summary", summary), *parts])


def facts(entries: Iterable[tuple[str, str]]) -> Markup:
    """Names and values."""
    return group("dl", [Markup(tag("dt", name) + tag("dd", value)) for name, value in entries])


def bullets(lines: Iterable[str]) -> Markup:
    """A list."""
    return group("ul", [tag("li", line) for line in lines])


def _heading(cell: Cell) -> str:
    text, kind = (cell, "") if isinstance(cell, str) else cell
    return f'<th scope="row"{_class(kind)}>{escape(text)}</th>'


def _cell(cell: Cell) -> str:
    text, kind = (cell, "") if isinstance(cell, str) else cell
    return f"<td{_class(kind)}>{escape(text)}</td>"


def _class(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""
