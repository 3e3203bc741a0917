"""The digest of a service: one paragraph to mail, of what changed by its control charts.

Belongs here: which changes are in it. Does not belong here: sending it, comparisons with other services.
"""

from collections.abc import Iterator, Sequence

from reports.pages import addresses, sentences
from reports.pages.blocks import Block
from reports.pages.opening import LEAST_MONTHS, followed, signals
from reports.pages.release import Release
from reports.site.wording import sentence

# So many changes are read; the page has the others.
MOST = 4


def digest(release: Release, name: str, blocks: Sequence[Block]) -> str:
    """The text for one service: a line that says what it is about, and one paragraph."""
    said = " ".join(
        [*_changes(blocks, len(release.charted_months)), sentences.DIGEST_END.format(page=addresses.OWN)]
    )
    return f"{name}, {release.period.words}\n\n{said}\n"


def _changes(blocks: Sequence[Block], months: int) -> Iterator[str]:
    """One change of each question, the first: measures of one question move together."""
    found = [next((told for told in signals([block]) if told.change.is_now), None) for block in blocks]
    now = [told for told in found if told is not None]
    if not now:
        unfollowed = sentences.TOO_EARLY if months < LEAST_MONTHS else sentences.DIGEST_UNFOLLOWED
        yield sentences.DIGEST_CALM if followed(blocks) else unfollowed
        return
    for told in now[:MOST]:
        yield sentence(sentences.changed(told.change, told.subject))
    if len(now) <= MOST:
        yield sentences.DIGEST_REST
