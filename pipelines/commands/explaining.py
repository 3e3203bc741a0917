"""The command that answers a question about numbers: explain-away.

Belongs here: the command. Does not belong here: where an answer is kept (``pipelines.explaining``).
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CLEAN, SITE, app, as_meant, month_of, provider_of, require


@app.command(group=SITE)
def explain_away(
    what: str,
    question: str,
    of: str = "",
    *,
    why: Annotated[str, Parameter(help="Why the number is right. Write nothing about a person.")],
    who: Annotated[str, Parameter(help="Who says so, as a role: data manager.")],
    until: Annotated[str, Parameter(help="The last month for which it holds, as YYYY-MM.")],
) -> int:
    """Answer a question about numbers once: it is not asked again until the month given, unless the count grows.

    Parameters
    ----------
    what
        At a site: the folder of the extract. The answer is written into its file explanations.csv, and is sent with
        it. At the centre: the provider.
    question
        The id of the question, such as PAST-IDS201. At the centre: the month, as YYYY-MM.
    of
        At the centre: the id of the question.

    """
    from pipelines import answers_file, explaining, show
    from pipelines.names import ANSWERS
    from schemas.month import ProviderMonth

    given = answers_file.answer(of or question, why, who, until)
    if not of:
        folder = as_meant(Path(what))
        require(
            folder.is_dir(),
            f"Name the folder of an extract. Into a zip, put a file {ANSWERS} with the columns "
            f"{', '.join(answers_file.COLUMNS)}.",
        )
        answers_file.write(folder, given)
        show.line(f"Written into {ANSWERS}. Send it with the tables: it is read when they are loaded.")
        return CLEAN
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    root = zones()
    month = ProviderMonth(provider_of(what), month_of(question, "The month"))
    done = explaining.explain(month, given, root, open_ledger(root.ledger))
    show.line(f"{done.question} is answered for {', '.join(each.as_typed for each in done.months)}.")
    return CLEAN
