"""Causes that the ledger, the inbox and the release show: files that are held, rejected or missing, and a release
that lags behind.

Belongs here: which of them people are told of, and in which words. Does not belong here: how a month stands
(``pipelines.board``).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from pipelines.arrivals import waiting
from pipelines.board import NO_WINDOW, NOT_COPIED, Standing, Word
from pipelines.ledger import Outcome, State, counting_from, current, joined_on, latest
from pipelines.overseeing import Overseen
from pipelines.publishing import released_submissions, withdrawn_of
from pipelines.telling.cause import Cause
from pipelines.zones import Zones
from reports.site.wording import first_of
from schemas.month import ProviderMonth, month_text
from schemas.windows import counts_from

# A file that counts is published when its window has closed, a month later at most. By then it should have been.
LAGS_AFTER = 35
_NAMED = 30
_DECIDED = "The file was confirmed or withdrawn, or another one came."


def months(seen: Overseen) -> Iterator[Cause]:
    """What is wrong with single months, by the board of the day."""
    missing: dict[date, list[str]] = {}
    for each in seen.standings:
        of = each.month.provider_month
        if each.word is Word.NOT_RECEIVED and counts_from(of.month, seen.on) is not None:
            missing.setdefault(of.month, []).append(of.provider)
        elif each.word in _OF_A_FILE:
            yield _OF_A_FILE[each.word](each)
        elif each.why == NO_WINDOW:
            yield _too_late(each)
    for month, providers in sorted(missing.items()):
        yield _missed(month, providers)
    for outcome in seen.unplaced:
        if outcome.state is State.FAILED:
            yield _unplaced(outcome)


def strays(zones: Zones) -> Iterator[Cause]:
    """Files in the inbox that were no submission."""
    if count := waiting(zones).refused_strays:
        yield Cause(
            "strays/inbox",
            "Something in the inbox was no submission",
            "Something came that does not say which service sent it. It was not loaded, and lies in inbox/refused "
            "with a word why, and what a submission is. Find out which service sent it, and ask for one. Then "
            "delete it there.",
            ["parity status"],
            "Nothing of that kind is left there.",
            str(count),
        )


def release(zones: Zones, events: Collection[Outcome], on: date) -> Iterator[Cause]:
    """A release that is without files which have counted for long, or with a month that was withdrawn."""
    held, joined = released_submissions(zones), joined_on(events)
    lagging = [
        of
        for one in current(events, on)
        if (of := one.provider_month)
        and one.receipt.submission_id not in held
        and ((since := counting_from(one, joined)) is not None and on - since > timedelta(days=LAGS_AFTER))
    ]
    if lagging:
        yield Cause(
            "release/lags",
            "The release lags behind",
            f"These files have counted for more than {LAGS_AFTER} days and are in no release: {_names(lagging)}. "
            "The schedule monthly_publication may be off, or its runs fail.",
            ["parity publish"],
            "They are in the release, or count no longer.",
        )
    if withdrawn := [of for one in withdrawn_of(held, latest(events)) if (of := one.provider_month)]:
        yield Cause(
            "release/withdrawn",
            "The release has a month that was withdrawn",
            f"It was withdrawn and is still published: {_names(withdrawn)}.",
            ["parity publish"],
            "The release is without it.",
            _names(withdrawn),
        )


def _names(of: Sequence[ProviderMonth]) -> str:
    return first_of([each.as_typed for each in sorted(of)], _NAMED)


def _of_a_file(
    each: Standing, kind: str, title: str, text: str, do: Sequence[str], over: str, *, is_ours: bool = True
) -> Cause:
    """A cause about the latest file of a month. Its name and title begin with the provider and month."""
    of = each.month.provider_month
    return Cause(
        f"{kind}/{of.provider}/{month_text(of.month)}",
        f"{of.provider}, {of.month:%B %Y}: {title}",
        text,
        do,
        over,
        str(each.month.latest),
        is_ours=is_ours,
    )


def _counts(each: Standing) -> str:
    return "An earlier file counts until then." if each.month.counts else "The month is missing until then."


def _held(each: Standing) -> Cause:
    return _of_a_file(
        each,
        "held",
        "the file is held",
        f"It is thin or wrong beside what the service sent before, so it waits for a person. {_counts(each)} The "
        "board says what was compared. Ask the service. Let it count if it is right, or ask for another file.",
        ["parity status", _decides("confirm", each)],
        _DECIDED,
    )


def _too_late(each: Standing) -> Cause:
    return _of_a_file(
        each,
        "late",
        "the file came too late for any window",
        f"The rules accept it, and no later window takes the month. {_counts(each)} Let it count if it shall, or "
        "take the month out.",
        [_decides(command, each) for command in ("confirm", "withdraw")],
        _DECIDED,
    )


def _decides(command: str, each: Standing) -> str:
    return f'parity {command} {each.month.provider_month.as_typed} --why "REASON"'


def _rejected(each: Standing) -> Cause:
    return _of_a_file(
        each,
        "rejected",
        "the file was rejected",
        f"{each.why or 'A rule rejects it.'} {_counts(each)} The service has a report that says what to correct. "
        "The command prints a text to send to it.",
        [f"parity mails {each.month.provider_month.provider}"],
        "Another file came.",
        is_ours=False,
    )


def _failed(each: Standing) -> Cause:
    counts = _counts(each)
    if each.why == NOT_COPIED:
        how = f"It could not be copied, and nothing of it is kept. {counts} Load it again, or have it sent again."
        do = ["parity load"]
    else:
        how = f"The load broke off, through no fault of the service. {counts} What was received is still there."
        do = [f"parity reprocess {each.month.provider_month.as_typed}"]
    return _of_a_file(
        each,
        "failed",
        "the load of a file broke off",
        f"{how} The sensor tries again what lies in the inbox. If it fails again, PARITY_DEBUG=1 shows where.",
        do,
        "It was processed, or another file came.",
    )


_OF_A_FILE = {Word.HELD: _held, Word.REJECTED: _rejected, Word.FAILED: _failed}


def _missed(month: date, providers: Sequence[str]) -> Cause:
    return Cause(
        f"window/{month_text(month)}",
        f"{month:%B %Y}: its window has closed, and files are missing",
        f"Nothing came from {first_of(sorted(providers), _NAMED)}. Their figures and England's are without them. A "
        "later window still takes the month. The command prints a text for each of them.",
        ["parity mails"],
        "Every service has sent something, or no window takes the month any more.",
        is_ours=False,
    )


def _unplaced(outcome: Outcome) -> Cause:
    id_ = outcome.receipt.submission_id
    return Cause(
        f"unplaced/{id_}",
        "The load of a file broke off, and it is not known which service sent it",
        f"Its receipt is {id_}. Neither its name nor its header says a provider and month. Load it again, or have "
        "it sent again under a name such as RW5_2025-04.",
        ["parity status", "parity load"],
        "It was processed, or something else was received since.",
    )
