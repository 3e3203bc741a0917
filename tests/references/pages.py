"""Numbers of a page that nothing accounts for: neither read back from the release nor of a kind that is no figure.

Belongs here: which kinds of numbers are no figures, texts of the public schema with numbers in them, and whether a
chart says in words what it draws. Does not belong here: comparing numbers with the release
(``warehouse.disclosure.screened_pages``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from warehouse.comparison.statistics import Z_95, wilson
from warehouse.disclosure.screened_pages import Shown, read_page

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
# What is no figure: each kind with the reason why it needs no source. What they match is taken out of a text.
NO_FIGURES = {
    "a month, a year or a financial year": rf"(?:[0-9]{{1,2}} )?{_MONTH} (?:19|20)[0-9]{{2}}|\b(?:19|20)[0-9]{{2}}(?:[-/][0-9]{{2}})?\b",
    "how many years a page is of": r"\b[0-9]{1,2} years?\b",
    "the rule for small counts": r"\b[Ff]ewer than (?:5|10)\b|\bfewer than 5 of\b|\brounded to 5\b|\bto the nearest 5\b",
    "a waiting time in the name of what is asked": r"\b(?:within|over|after) (?:6|12|18|28|90) (?:weeks|days)\b|\b(?:6|18|4) weeks\b|\b180 days\b",
    "chance in words": r"\bOne service in 40\b|\bOf 20 figures\b|\b9 in 10 people\b",
    "what a chart needs or counts": r"\bof [0-9]+ points?, and 12 are needed|\bat least 6 are needed|\b[0-9]+ services? (?:with intervals|by number)|"
    r"\bNo limits: [0-9]+ services?|\bnot drawn: [0-9]+ services?",
    "a level of confidence": r"\b(?:95|99\.8) ?% limit|\((?:95|99\.8) ?%\)",
    "the fifth of areas that a row is of": r"^[2-4]$",
    "since which version a column is promised": r"^version [0-9]+\.[0-9]+$",
    "people out of a round hundred": r"\b(?:[Oo]f|out of) (?:every )?100\b",
}
_NUMBER = re.compile(r"(?<![\w.,-])[0-9][0-9,]*(?:\.[0-9]+)?(?:[ \u00a0\u202f]?%)?(?![\w])")
_MARKS = re.compile("|".join(f"(?:{pattern})" for pattern in NO_FIGURES.values()))
# A list that is folded says how many lines it has.
_LISTS = re.compile(r'<span data-column="list">([0-9]+)</span>\)</summary>(.*?)</details>', re.DOTALL)
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# Keys of a figure in ``public.service_measure``, as a page names them.
_PLACE = ("org", "measure", "period-type", "period", "pathway")


@dataclass
class Public:
    """What the public schema says in words, and between which limits its shares are likely to be.

    ``texts`` have a number and letters: names of organisations, definitions, notes. ``limits`` are by organisation,
    measure, kind of period, first day and pathway.
    """

    texts: list[str] = field(default_factory=list)
    limits: Mapping[tuple[str, ...], tuple[float, float] | None] = field(default_factory=dict)

    def without_texts(self, text: str) -> str:
        """A text without what the schema says: all of it, or parts with a word, the longest first."""
        if text in self._all:
            return ""
        for each in self.texts:
            if each in text and re.search("[A-Za-z]{4}", each):
                text = re.sub(rf"(?<![\w.,]){re.escape(each)}(?!\w)", " ", text)
        return text

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(self.texts)


def public(con: duckdb.DuckDBPyConnection, period_type: str = "rolling 12 months") -> Public:
    """The texts and limits of an open release."""
    columns = con.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE data_type = 'VARCHAR' "
        "AND schema_name IN ('public', 'meta') AND database_name = current_database()"
    ).fetchall()
    texts = {
        _plain(text)
        for table, column in columns
        for (text,) in con.execute(
            f"SELECT DISTINCT {column} FROM {table} WHERE regexp_matches({column}, '[0-9]') "
            f"AND regexp_matches({column}, '[A-Za-z]')"
        ).fetchall()
    }
    counts = con.execute(
        "SELECT organisation, measure, period_type, CAST(period_start AS VARCHAR), pathway, numerator, denominator "
        "FROM public.service_measure WHERE period_type = ? AND value IS NOT NULL AND numerator IS NOT NULL "
        "AND denominator > 0 AND numerator <= denominator",
        [period_type],
    ).fetchall()
    limits = {tuple(place): wilson(n, of, Z_95) for *place, n, of in counts}
    return Public(sorted(texts, key=len, reverse=True), limits)


def bare_numbers(html: str, said: Public | None = None) -> Iterator[tuple[str, str]]:
    """Numbers of a page that have no source: each with the text that it is in.

    They are no figures by kind, stand in no text of the schema, and are not what their element or, in the words of a
    chart, its drawing says. A number whose text says another one than its source is bare too.
    """
    said = said or Public()
    html = _LISTS.sub(lambda list_: "" if int(list_[1]) == list_[2].count("<li") else list_[0], html)
    charts = re.findall(r'<figure class="chart">.*?</figure>', html, re.DOTALL)
    yield from _bare(
        re.sub(r'<figure class="chart">.*?</figure>', " ", html, flags=re.DOTALL), said, is_chart=False
    )
    for chart in charts:
        yield from _bare(chart, said, is_chart=True)


def _bare(html: str, said: Public, is_chart: bool) -> Iterator[tuple[str, str]]:
    page = read_page(html)
    known = {each for number in page.numbers for each in _as_said(number.raw)} if is_chart else set()
    # The label of a stage of a stream says both: "137 (68 of 100)".
    of_100 = {
        each
        for number in page.numbers if is_chart and number.of.get("column", "").endswith("_of_100")
        for each in _as_said(number.raw)
    }  # fmt: skip
    for number in page.numbers:
        own = {*_as_said(number.raw), *(each for limit in _limits(number, said) for each in _as_said(repr(limit)))}
        own |= of_100 if "of 100" in _plain(number.text) else set()
        yield from ((found, number.text) for found in _found(number.text, said) if _bald(found) not in own)
        if (word := number.text.lower()) in _SMALL and float(number.raw) != _SMALL.index(word):
            yield word, number.raw
    for text in page.texts:
        yield from ((found, text) for found in _found(text, said) if _bald(found) not in known)
    yield from ((mark, mark) for mark in _unround(page.marks))


def _limits(number: Shown, said: Public) -> tuple[float, ...]:
    """Of a cell of a matrix, whose words have the interval too."""
    place = tuple(number.of.get(key, "") for key in _PLACE)
    return (said.limits.get(place) or ()) if number.of.get("column") == "value" else ()


def _found(text: str, said: Public) -> list[str]:
    if not re.search("[0-9]", text):
        return []
    return _NUMBER.findall(_MARKS.sub(" ", said.without_texts(_plain(text))))


def _plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()


def _bald(found: str) -> str:
    return found.rstrip(" %,\u00a0\u202f").replace(",", "")


def _as_said(raw: str) -> Iterator[str]:
    """How a number may be said: as it is, in per cent, in weeks; whole or with up to two decimals; what is under the
    least or over the most that is said.
    """
    if not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", raw):
        return
    value = float(raw)
    for each in (value, 100 * value, value / 7):
        for decimals in range(3):
            yield f"{abs(each):.{decimals}f}"
    if 0 <= value <= 1:
        yield from ("1", "0.1") if value < 0.005 else ("99", "99.9") if value > 0.995 else ()


def _unround(marks: Sequence[str]) -> Iterator[str]:
    """Marks that measure nothing out: neither round, nor a whole step of 1, 2 or 5 from another."""
    values = {mark: float(_bald(mark)) for mark in marks if re.fullmatch("-?[0-9.]+", _bald(mark))}
    for mark in marks:
        steps = [abs(values[mark] - other) for other in values.values()] if mark in values else []
        if mark not in values or not (
            len(_digits(values[mark])) <= 2 or any(_digits(s) in "125" for s in steps if s)
        ):
            yield mark


def _digits(value: float) -> str:
    """The digits of a number without its noughts at either end."""
    return f"{abs(value):.6f}".replace(".", "").strip("0")
