"""The rule for small counts in the analysts' page: ``make docs`` writes its sentences anew.

Belongs here: where the sentences stand in ``docs/for-analysts.md``. Does not belong here: the rule and its
sentences (``warehouse.disclosure.suppression``).
"""

import re
import sys
import textwrap
from pathlib import Path

from warehouse.disclosure.suppression import SUPPRESSION, Suppression

_BLOCK = re.compile(r"(?<=<!-- the rule for small counts -->\n).*?(?=<!-- end of the rule -->)", re.DOTALL)
_WIDTH = 120


def with_rule(page: str, rule: Suppression = SUPPRESSION) -> str:
    """The page with the rule's sentences, one a bullet, between its two marks. Raises ValueError without marks."""
    bullets = (
        textwrap.fill(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ") + "\n"
        for sentence in rule.sentences()
    )
    written, blocks = _BLOCK.subn(lambda _: "\n" + "".join(bullets) + "\n", page)
    if blocks != 1:
        raise ValueError(f"a page with the rule has one block for it, not {blocks}")
    return written


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_rule(target.read_text(encoding="utf-8")), encoding="utf-8")
