"""The rule catalogue: every rule in force, for people who correct extracts and for programs.

Belongs here: which rules are shown, what a rule looks at, the page ``rules.md`` and the file ``rules.csv``. Does
not belong here: the rules themselves, which are the only home of their text (``schemas.ruleset``).
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

from reports.dataset.markdown import anchor, code, facts_list, link, page, sql, table, text
from reports.dataset.templates import EXAMPLE
from schemas.causes import CAUSES
from schemas.dataset import TABLES
from schemas.gate import GATE
from schemas.generated import Kind
from schemas.links import RECEIVED_AT, TOOL
from schemas.national_rules import national_rules, said_of
from schemas.rule import Effect, Example, Rule
from schemas.ruleset import ruleset
from schemas.versions import Version

# The month and version of the example submission. Codes are dated and mandation differs by version, so the rules of
# another month or version may differ in just that.
VERSION, START, END = Version.SMI_1_0, date(2026, 4, 1), date(2026, 4, 30)
AS_OF = f"{START:%B %Y}, version {VERSION}"

# A list of 400 codes in a predicate is too long to read; rules.csv has the complete list.
_PREDICATE_SHOWN = 1200
_GENERATED = frozenset({*Kind, "CASCADE"})
_PLACEHOLDER = re.compile(r"\{\w+\}")
_BEYOND = {
    TOOL: link("the reference set of assessment tools", "code-lists.md#assessment_tool"),
    RECEIVED_AT: "when the submission was received",
}
_LISTS = ("fields", "group_by", "looks_at", "looks_beyond", "national_rules")
_LITERAL = re.compile(r"'[^']*'")
_WORD = re.compile(r"\b[A-Za-z]\w*\b")


@cache
def in_force() -> dict[str, Rule]:
    """Every rule shown, by id: the gate's first, then by table."""
    return ruleset(VERSION, START, END)


def looks_at(rule: Rule) -> tuple[tuple[str, str], ...]:
    """(table id, element) of every element that the rule names or its predicate reads, its own table's first."""
    if not rule.table:
        return ()
    own = TABLES[rule.table].by_name
    words = (word.removesuffix("_text") for word in _WORD.findall(_LITERAL.sub("", rule.fails)))
    here = [(rule.table, name) for name in (*rule.fields, *rule.group_by, *words) if name in own]
    there = [
        (table_id, name)
        for table_id, name in rule.related
        if table_id in TABLES and name in TABLES[table_id].by_name
    ]
    return tuple(dict.fromkeys(here + there))


def origin(rule: Rule) -> str:
    """Where a rule comes from: the gate, a cause of many findings, generated from a declaration, or written."""
    if rule.id in GATE:
        return "gate"
    if rule.id in CAUSES:
        return "cause"
    return "generated" if rule.id.rpartition("-")[2] in _GENERATED else "written"


def rule_link(rule: Rule) -> str:
    """A link from another page of the documentation to the rule."""
    return link(rule.id, f"rules.md#{rule.id.lower()}")


def without_values(message: str) -> str:
    """A message with «…» where a report shows the value found."""
    return _PLACEHOLDER.sub("«…»", message)


def facts(rule: Rule) -> dict[str, Any]:
    """All facts of a rule, for programs."""
    return {
        "id": rule.id,
        "table": rule.table,
        "table_name": TABLES[rule.table].name if rule.table else "",
        "origin": origin(rule),
        "level": rule.level.value,
        "effect": rule.effect.value,
        "dimension": rule.dimension.value,
        "owner": rule.owner.value,
        "national_rules": [each.id for each in national_rules().get(rule.id, ())],
        "fields": list(rule.fields),
        "group_by": list(rule.group_by),
        "looks_at": [f"{table_id}-{name}" for table_id, name in looks_at(rule)],
        "looks_beyond": list(looks_beyond(rule)),
        "message": rule.message,
        "fix": rule.fix,
        "why": rule.why,
        "fails": rule.fails,
        "bad": [dict(record) for record in rule.bad],
        "good": [dict(record) for record in rule.good],
    }


def rules_csv() -> str:
    """``rules.csv``: one row per rule; lists are separated by blanks, examples are JSON."""
    out = io.StringIO()
    rows = [facts(rule) for rule in in_force().values()]
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        examples = {
            name: json.dumps(row[name], ensure_ascii=False) if row[name] else "" for name in ("bad", "good")
        }
        lists = {name: " ".join(row[name]) for name in _LISTS}
        writer.writerow(row | lists | examples)
    return out.getvalue()


def rules_page() -> str:
    """``rules.md``."""
    by_table: dict[str, list[Rule]] = {}
    for rule in in_force().values():
        by_table.setdefault(rule.table, []).append(rule)
    counts = {effect: sum(rule.effect is effect for rule in in_force().values()) for effect in Effect}
    return page(
        "# Rules",
        f"All {len(in_force())} rules in force for {AS_OF}. Codes have valid dates, so in another month a list "
        "and its rule may have other codes. In an earlier version fewer elements are mandatory. `parity explain "
        f"RULE-ID` shows one rule. {link('rules.csv', 'rules.csv')} has all rules for programs.",
        "The predicate of a rule is SQL. It is true for a record that fails and NULL if the rule does not "
        "apply. `X` is the typed value of an element and `X_text` the submitted text. `IDS101_X` is a value of "
        "the referral that the record belongs to, and `IDS101_found` says whether that referral exists. "
        "`IDS000_X` is a value of the header. `IDS201_records` is the number of records of that table that name "
        "this record. `TOOL_low` is the lowest score of the assessment tool. `received_at` is when the "
        "submission was received. Generated rules follow from the declaration of an element (BLANK, FORMAT, "
        "CODE, RANGE) or from the parent of a table (CASCADE: rejected because the record it belongs to was "
        "rejected). A cause (CAUSE) stands for the findings that it explains, and costs what the heaviest of them "
        "costs, or the file if that is its own effect. In messages «…» is the value found. «To mend by» says who "
        "can: the supplier of the system, "
        "those who record care, the service's data managers (informatics), or the centre. A national rule looks "
        "for the same fault in the dataset named. An example shows only the differences from the first "
        f"record of the table in {link('the example submission', f'example/{EXAMPLE}/')}.",
        table(("effect", "rules"), ((effect.value, str(count)) for effect, count in counts.items() if count)),
        "\n".join(
            f"- {link(_heading(table_id), '#' + anchor(_heading(table_id)))}: {len(rules)}"
            for table_id, rules in sorted(by_table.items(), key=_order)
        ),
        *(
            part
            for table_id, rules in sorted(by_table.items(), key=_order)
            for part in (
                f"## {_heading(table_id)}",
                _overview(rules),
                *(part for rule in rules for part in _parts(rule)),
            )
        ),
    )


def looks_beyond(rule: Rule) -> tuple[str, ...]:
    """What else it looks at: other tables' records as such, the reference set of tools, the moment of receipt."""
    elements = {table_id for table_id, _ in looks_at(rule)}
    beyond = [table_id for table_id, name in rule.related if table_id not in elements]
    beyond += [RECEIVED_AT] if RECEIVED_AT in rule.fails else []
    return tuple(dict.fromkeys(beyond))


def examples(rule: Rule, dress: Callable[[str], str] = str) -> Iterator[tuple[str, str]]:
    """Records that fail and that pass in words; records of a group are shown together."""
    between = " beside " if rule.group_by else "; or "
    for word, records in (("fails", rule.bad), ("passes", rule.good)):
        if records:
            yield word, between.join(dress(spelled(record)) for record in records)


def spelled(example: Example) -> str:
    """One record of an example in words: what in it differs from the first of the example submission."""
    values = [f"{name} = {value}" if value is not None else f"{name} blank" for name, value in example.items()]
    return ", ".join(values) or "the first record, unchanged"


def _parts(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}"
    yield f"**{text(without_values(rule.message))}** {text(rule.fix)}"
    yield text(rule.why)
    elements = [
        link(name if table_id == rule.table else f"{TABLES[table_id].name}.{name}",
             f"data-dictionary.md#{table_id.lower()}-{name.lower()}")
        for table_id, name in looks_at(rule)
    ]  # fmt: skip
    elements += [
        _BEYOND.get(name) or link(TABLES[name].name, f"#{TABLES[name].name.lower()}") for name in looks_beyond(rule)
    ]
    about = [
        f"{rule.effect.value}", f"{rule.level.value} level", rule.dimension.value, origin(rule),
        f"to mend by: {rule.owner.value}",
    ]  # fmt: skip
    about += [f"national rule: {said}"] if (said := said_of(rule.id)) else []
    if rule.group_by:
        about.append("group by: records with the same " + " and ".join(code(name) for name in rule.group_by))
    looks = ", ".join(elements)
    yield " · ".join([*about, f"looks at {looks}"] if looks else about)
    if rule.fails:
        cut = rule.fails[:_PREDICATE_SHOWN].rpartition(" ")[0]
        shown = (
            sql(rule.fails) if len(rule.fails) <= _PREDICATE_SHOWN else sql(cut) + "\n-- … complete in rules.csv"
        )
        yield f"```sql\n{shown}\n```"
    yield facts_list(examples(rule, code))


def _overview(rules: list[Rule]) -> str:
    """The rules that are not generated, one line each; generated ones are clear from their id."""
    rows = [
        (link(rule.id, f"#{rule.id.lower()}"), rule.effect.value, text(without_values(rule.message)))
        for rule in rules
        if origin(rule) != "generated"
    ]
    return table(("rule", "effect", "says"), rows) if rows else ""


def _heading(table_id: str) -> str:
    return TABLES[table_id].name if table_id else "The gate"


def _order(item: tuple[str, object]) -> int:
    return list(TABLES).index(item[0]) if item[0] else -1
