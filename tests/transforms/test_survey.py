"""The survey: what one pass over the bytes of a file says of it, in whatever pieces they arrive."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.test_gate import NAMES
from transforms.survey import Survey, survey

MEBIBYTE = 1 << 20


class Dribble(io.BytesIO):
    """Gives its bytes ``most`` at a time, however many are asked for."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self.most = most

    def read(self, _: int | None = -1, /) -> bytes:
        return super().read(self.most)


@pytest.mark.parametrize(
    ("content", "records", "delimiters", "has_quotes", "has_lone_returns", "is_balanced", "needs_trim"),
    [
        (b"", 0, 0, False, False, True, False),
        (b"a,b\n", 1, 1, False, False, True, False),
        (b"a,b", 1, 1, False, False, True, False),
        (b"a,b\n1,2", 2, 2, False, False, True, False),
        (b"a,b\r\n1,2\r\n", 2, 2, False, False, True, False),
        (b"a,b\r1,2\n", 1, 2, False, True, True, False),
        (b"a,b\n1,2\r", 2, 2, False, True, True, False),
        (b'a,b\n"1,\n",2\n', 2, 2, True, False, True, True),
        (b'a,b\n"1"",",2\n', 2, 2, True, False, True, True),
        (b'a,b\n1,"2\n', 1, 2, True, False, False, True),
        (b'a,"b"\n"1",2\n', 2, 2, True, False, True, True),
        (b"a,b\n1 ,2\n", 2, 2, False, False, True, True),
        (b"\ta,b\n", 1, 1, False, False, True, True),
        (b"a,b\n1,2\t", 2, 2, False, False, True, True),
    ],
    ids=[
        "nothing", "one record", "a record without an end", "the last without an end", "CRLF", "a lone return",
        "a lone return at the end", "comma and line end in quotes", "doubled quote", "never closed",
        "quotes in two records", "padded at the end", "padded first value", "padded last value",
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 300])
def test_what_a_survey_says_of_a_file(
    content: bytes, size: int, records: int, delimiters: int, has_quotes: bool, has_lone_returns: bool,
    is_balanced: bool, needs_trim: bool,
) -> None:  # fmt: skip
    """In whatever pieces it arrives. What stands in quotation marks ends no record and no value."""
    digest = hashlib.sha256(content).hexdigest()
    copy = io.BytesIO()
    assert survey(Dribble(content, size), copy) == Survey(
        digest,
        len(content),
        records,
        delimiters,
        has_quotes,
        has_lone_returns,
        is_balanced,
        needs_trim,
        None,
        b'"1,\n"' in content or b'"2\n' in content,
        has_blank_starts=content.startswith(b"\t"),
        has_apostrophes=False,
        is_beyond_ascii=False,
    )
    assert copy.getvalue() == content
    assert survey(Dribble(content, size), is_hashed=False).sha256 == ""


@pytest.mark.parametrize("size", [1, 2, 3, 300])
@pytest.mark.parametrize(
    ("content", "has"),
    [
        (b"a,b\n1,2\n", False), (b"a,b\n1,\n", False), (b"a,b\n,2\n", True), (b",b\n", True), (b"a,b\n ,2", True),
        (b'a,b\n"",2', True), (b'a,b\n" ",2', True), (b'a,b\n"1",2', False), (b"a,b\r\n\t,2", True), (b"", False),
    ],
)  # fmt: skip
def test_a_survey_says_whether_a_row_begins_with_a_blank_value(content: bytes, has: bool, size: int) -> None:
    assert survey(Dribble(content, size)).has_blank_starts == has


@pytest.mark.parametrize("start", [b",P2\n", b" ,P2\n", b'"",P2\n', b'"\t",P2\n'])
def test_a_row_that_begins_with_a_blank_value_is_seen_wherever_it_is_in_a_large_file(start: bytes) -> None:
    """Where chunks and the blocks in them meet, too."""
    plain = b'P1,0 "\t"\n' + b"P2,02\n" * (MEBIBYTE // 6)
    assert not survey(io.BytesIO(plain)).has_blank_starts
    for edge in (2, 1 << 16, MEBIBYTE):
        for place in range(edge - 2, edge + 2):
            assert survey(io.BytesIO(b"0" * place + b"\n" + start + plain)).has_blank_starts


@pytest.mark.parametrize("size", [1, 300])
def test_a_survey_says_what_may_stand_around_values(size: int) -> None:
    for content, apostrophe, beyond in ((b"a\n'1\n", True, False), ("a\né\n".encode(), False, True)):
        seen = survey(Dribble(content, size))
        assert (seen.has_apostrophes, seen.is_beyond_ascii) == (apostrophe, beyond)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ab\x00c", "there is a zero byte at byte 3"),
        (b"ab\x1fc\x07", "there is a control character at byte 3"),
        (b"ab\x07\xffc", "there is a control character at byte 3"),
        (b"ab\xffc\x07", "byte 3 is not part of a character"),
        ("aé".encode() + b"\xffc", "byte 4 is not part of a character"),
        (b"ab\xc3", "the last character, at byte 3, is cut short"),
        ("é\t\r\né".encode(), None),
        (b"ab\x7f", None),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 300])
def test_the_first_byte_that_is_no_text_is_named(content: bytes, size: int, said: str | None) -> None:
    """In whatever pieces the file arrives, bytes are counted from 1 at its start."""
    assert survey(Dribble(content, size)).bad_bytes == said


@given(content=st.binary(max_size=300), size=st.integers(1, 7))
def test_the_survey_does_not_depend_on_how_the_bytes_arrive(content: bytes, size: int) -> None:
    assert survey(Dribble(content, size)) == survey(io.BytesIO(content))


@pytest.mark.parametrize(
    ("end", "is_padded"),
    [(b"P1,01\n", False), (b"P1 ,01\n", True), (b"P1,\t01\n", True), (b"P1,01 \r\n", True), (b"P 1,0\t1\n", False),
     (b'"P1",01\n', True), ("P1,01\u00a0\n".encode(), True), (b"P1,01 ", True), (b"P1,0 1", False)],
)  # fmt: skip
def test_only_a_file_in_which_a_value_may_be_padded_is_trimmed(end: bytes, is_padded: bool) -> None:
    """However long it is, and wherever it is cut into chunks."""
    for length in (0, MEBIBYTE - len(end), MEBIBYTE - 3, 2 * MEBIBYTE):
        filler = b"P 2,02\n" * (length // 7)
        content = NAMES + b"0" * (length % 7) + b"\n" + filler + end
        seen = survey(io.BytesIO(content))
        assert seen.needs_trim is is_padded
        assert seen.records == content.count(b"\n") + (not content.endswith(b"\n"))
        assert seen.delimiters == content.count(b",")


@pytest.mark.parametrize("row", [b"P1 ,01\n", b"P1, 01\n", b"P1,01 \n", b" P1,01\n"])
def test_one_blank_before_a_value_or_after_it_is_seen_in_a_file_of_many_chunks(row: bytes) -> None:
    assert survey(io.BytesIO(NAMES + row + b"P2,02\n" * (MEBIBYTE // 3))).needs_trim
    assert not survey(io.BytesIO(NAMES + b"P2,02\n" * (MEBIBYTE // 3))).needs_trim


@given(st.text(alphabet="ab \t,\r\n", max_size=30))
def test_a_file_that_is_not_trimmed_has_no_padded_value(text: str) -> None:
    if not survey(io.BytesIO(text.encode())).needs_trim:
        assert all(value == value.strip() for line in text.splitlines() for value in line.split(","))
