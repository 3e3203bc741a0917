"""What names a release: everything that goes in, and nothing else."""

from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from schemas.month import ProviderMonth
from tests.fixtures.warehouse import Case, build, tables_of, write_submission
from warehouse.build import StagedSubmission
from warehouse.inputs import Inputs, present, recorded

APRIL, MARCH = date(2025, 4, 1), date(2025, 3, 1)


def staged(provider: str, month: date, order: int = 1, made_with: str = "") -> StagedSubmission:
    return StagedSubmission(
        f"{provider}-{order}", ProviderMonth(provider, month), Path(provider), made_with=made_with
    )


def test_the_name_follows_from_what_goes_in(tmp_path: Path) -> None:
    april, march = staged("RXX", APRIL), staged("RYY", MARCH)
    name = present([april, march], "1.0").release_id
    assert name.startswith("2025-04-") and len(name) == len("2025-04-1a2b3c4d")
    assert present([march, april], "1.0").release_id == name
    assert present([april], "1.0").release_id != name
    assert present([april, march], "1.1").release_id != name
    assert present([april, march], "1.0", protected_with="a key").release_id != name
    assert present([april, staged("RYY", MARCH, 2)], "1.0").release_id != name
    assert present([april, staged("RYY", MARCH, made_with="other code")], "1.0").release_id != name
    (tmp_path / "source.json").write_text("{}")
    assert present([april, march], "1.0", tmp_path).release_id != name
    assert present([], "1.0").release_id.startswith("published-")


made = st.tuples(
    st.sampled_from(["RXX", "RYY"]), st.sampled_from([APRIL, MARCH]), st.sampled_from("ab"),
    st.sampled_from([None, date(2025, 5, 1)]), st.sampled_from([None, "code"]),
)  # fmt: skip
word = st.sampled_from(["", "a", "b"])
inputs = st.builds(Inputs, st.frozensets(made, max_size=3), word, word, word, word)


@given(inputs, inputs)
def test_two_releases_have_one_name_exactly_when_the_same_went_in(one: Inputs, other: Inputs) -> None:
    assert (one.release_id == other.release_id) == (one == other)


def test_core_alone_records_its_submissions(tmp_path: Path) -> None:
    """What the later steps read is not there yet: what arrives meanwhile is not in the name."""
    current = [write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a")]))]
    assert recorded(build(tmp_path, current, marts=False)) == present(current)
