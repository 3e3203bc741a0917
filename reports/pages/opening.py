"""The three sentences at the top of a service page: what changed, where it differs, what cannot be said.

Belongs here: choosing among the signals of a page. Does not belong here: the signals (``signals``), the patterns
(``sentences``).
"""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from reports.pages import sentences
from reports.pages.blocks import Block, Told
from reports.pages.signals import DIFFERENT, Case
from reports.site.wording import sentence
from schemas.pathway import Pathway

# What it means for a question that its main figure is missing, in the words of ``sentences.UNKNOWN``.
WHAT = {
    "came": "how many people came",
    "waited": "how long people waited",
    "offered": "whether people got the full course",
    "stopped": "how many stopped early",
    "better": "whether people got better",
    "crisis": "whether therapy kept people out of crisis and hospital",
    "said": "what people thought of it",
}

# A control chart has limits from so many months on (steps/control_point.sql).
LEAST_MONTHS = 6


def opening(
    blocks: Sequence[Block], condition: Pathway, missing_months: Mapping[str, Markup], months: int
) -> list[str]:
    """Three sentences, made from signals alone, in the order of what matters.

    ``missing_months``: the slots of the sentence that months are missing, empty if all are in. ``months``: how
    many months the release has figures of month by month, 0 where it has none.
    """
    return [
        _changed(blocks, months) if months else sentences.NO_MONTHS,
        _different(blocks),
        _unknown(blocks, condition, missing_months),
    ]


def signals(blocks: Sequence[Block]) -> Iterator[Told]:
    """Figures whose control chart has a signal in the last months, in the order of the questions."""
    for block in blocks:
        for answer in block.answers:
            for told in (answer.first, *answer.others):
                if told.change.is_signal and told.change.is_recent:
                    yield told


def followed(blocks: Sequence[Block]) -> bool:
    """Whether any figure has a control chart with limits."""
    changes = (answer.first.change for block in blocks for answer in block.answers)
    return any(each.rule == "calm" or each.is_signal for each in changes)


def _changed(blocks: Sequence[Block], months: int) -> str:
    found = list(signals(blocks))
    if found:
        # A change that is for the better or worse is said before one that is neither.
        told = min(found, key=lambda each: each.change.better is None)
        return sentence(sentences.changed(told.change, told.subject))
    if followed(blocks):
        return sentences.STEADY
    return sentences.TOO_EARLY if months < LEAST_MONTHS else sentences.UNFOLLOWED


def _different(blocks: Sequence[Block]) -> str:
    told = [each for block in blocks for a in block.answers for each in (a.first, *a.others)]
    for case in (Case.BEYOND, Case.APART, Case.SOMEWHAT):
        for each in told:
            figure = each.figure
            if (
                each.standing.case is case
                and figure
                and figure.value is not None
                and figure.national_value is not None
            ):
                return sentences.different(each.standing, each.subject, each.value, each.there)
    compared = any(each.standing.case in (Case.WITHIN, Case.ALIKE, *DIFFERENT) for each in told)
    return sentences.ALIKE if compared else sentences.UNCOMPARED


def _unknown(blocks: Sequence[Block], condition: Pathway, missing_months: Mapping[str, Markup]) -> str:
    if missing_months:
        return sentences.unknown(Case.MONTHS, **missing_months)
    for block in blocks:
        for answer in block.answers[:1]:
            case = answer.first.standing.case
            if case in (Case.SUPPRESSED, Case.TOO_FEW) and block.question.id in WHAT:
                return sentences.unknown(case, what=WHAT[block.question.id])
    few = [a.first for b in blocks for a in b.answers[:1] if a.first.standing.case is Case.FEW_SERVICES]
    if few:
        most = max((each.figure.services or 0) if each.figure else 0 for each in few)
        return sentences.unknown(
            Case.FEW_SERVICES, services=sentences.services_said(most), condition=condition.name.lower()
        )  # fmt: skip
    return sentences.ALL_KNOWN
