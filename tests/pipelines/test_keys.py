"""Keys: where they lie, what is refused, one for each purpose, and their versions."""

import hmac
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.keys import (
    disclosure_key,
    extract_key,
    fingerprint,
    key_store,
    retire,
    rotate,
    spine_key,
    tombstone_key,
    versions,
)
from pipelines.keys.file import KeyFile
from pipelines.keys.store import KeyStore, KeyUnusable, secret_of
from pipelines.zones import PROJECT
from schemas.errors import NotAsked
from tests.fixtures.softhsm import PIN, initialised  # noqa: F401  (a fixture)
from transforms.pseudonymise import token

ROOT = bytes.fromhex("5f1c9bd2ae4470e63318c07f92d5ab6104e7f83d6a2bc99051d80eb7467a3fc5")


def kept(path: Path, text: str = ROOT.hex(), mode: int = 0o400) -> Path:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


# What everybody who writes Parity's tokens anew must get of this root. Changing one of these is a rotation of every
# centre's pseudonyms.
VECTORS = [
    ("01207461cc1506a9f8b9bc8334c89c87", "0120e4d358b2b989c0f0a700b058e114"),
    ("0112cbde9d6adc72b9c2c9a74c8d70e2", "01e8ab1011018c506baee4e0e4d7f0c6"),
]


def slow_expand(root: bytes, info: str) -> str:
    """HKDF-Expand of RFC 5869 for one block, by the standard library."""
    return hmac.new(root, info.encode() + b"\x01", "sha256").hexdigest()


FIGURES = bytes.fromhex(slow_expand(ROOT, "parity\x1ffigures\x1froot"))


def test_every_purpose_has_a_key_of_its_own(own_key: Path) -> None:
    kept(own_key)
    erasures = bytes.fromhex(slow_expand(ROOT, "parity\x1ferasures\x1froot"))
    made = [spine_key(), extract_key("university-of-x"), disclosure_key(), tombstone_key()]
    assert [(key.version, key.secret) for key in made] == [
        ("s1", slow_expand(ROOT, "parity\x1fspine\x1fv1")),
        ("e1", slow_expand(ROOT, "parity\x1fextract:university-of-x\x1fv1")),
        ("d1", slow_expand(FIGURES, "parity\x1fdisclosure\x1fv1")),
        ("t1", slow_expand(erasures, "parity\x1ftombstone\x1fv1")),
    ]
    assert len({key.secret for key in [*made, extract_key("university-of-y")]}) == 5


def test_the_published_vectors_hold(own_key: Path) -> None:
    kept(own_key)
    numbers = pl.DataFrame({"number": ["9990000018", "9990000026"]})
    made = numbers.select(
        nhs=token(pl.col("number"), spine_key(), "nhs"),
        local=token(pl.col("number"), spine_key(), "local", "RW5", "LocalPatientId"),
    )
    assert [tuple(each.hex() for each in row) for row in made.rows()] == VECTORS
    page = (PROJECT / "docs" / "decisions" / "0037-keys-with-versions.md").read_text(encoding="utf-8")
    assert ROOT.hex() in page
    assert all(each in page for row in VECTORS for each in row)


def test_a_key_is_made_on_first_use_and_stays(own_key: Path) -> None:
    first = spine_key()
    assert own_key.stat().st_mode & 0o777 == 0o400
    assert spine_key() == first
    assert first.secret not in repr(first)
    assert fingerprint(first).removeprefix("s1-") not in first.secret


def test_first_uses_at_once_make_one_key(own_key: Path) -> None:
    with ThreadPoolExecutor(max_workers=8) as threads:
        made = {each.secret for each in threads.map(lambda _: spine_key(), range(24))}
    assert len(made) == 1
    assert [each.name for each in own_key.parent.iterdir()] == [own_key.name]


def test_two_keys_give_two_tokens(own_key: Path) -> None:
    first = spine_key()
    own_key.unlink()
    second = spine_key()
    assert fingerprint(first) != fingerprint(second)
    assert pl.select(token(pl.lit("x"), first, "nhs")).item() != pl.select(token(pl.lit("x"), second, "nhs")).item()


def hard_linked(path: Path) -> None:
    path.with_name("second").hardlink_to(path)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o400)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def anothers(path: Path) -> None:
    os.chown(path, 12345, 12345)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "readable by the group": (lambda path: path.chmod(0o440), "mode 0400"),
    "readable by all": (lambda path: path.chmod(0o404), "mode 0400"),
    "writable by others": (lambda path: path.chmod(0o602), "mode 0400"),
    "a link": (linked, "it is a link"),
    "a hard link": (hard_linked, "second name"),
    "a pipe": (pipe, "not an ordinary file"),
    "a folder": (folder, "not an ordinary file"),
    "in a folder writable by all": (lambda path: path.parent.chmod(0o777), "others can write to"),
    "in a folder writable by the group": (lambda path: path.parent.chmod(0o770), "others can write to"),
    "too short": (lambda path: kept(path, "abc"), "too short"),
    "empty": (lambda path: kept(path, ""), "too short"),
    "no hexadecimal digits": (lambda path: kept(path, "correct horse battery staple " * 3), "hexadecimal digits"),
    "all zeros": (lambda path: kept(path, "00" * 32), "not drawn at random"),
    "all ones": (lambda path: kept(path, "ff" * 32), "not drawn at random"),
    "a pattern": (lambda path: kept(path, "0123456789abcdef" * 4), "not drawn at random"),
    "a sequence": (lambda path: kept(path, bytes(range(32)).hex()), "not drawn at random"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_key_file_that_cannot_be_trusted_is_refused(own_key: Path, how: str) -> None:
    change, said = REFUSED[how]
    spine_key()
    change(own_key)
    with pytest.raises(KeyUnusable, match=said) as refused:
        spine_key()
    assert not own_key.is_file() or len(own_key.read_text()) < 64 or own_key.read_text() not in str(refused.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
def test_a_key_of_another_user_is_refused(own_key: Path) -> None:
    spine_key()
    anothers(own_key)
    with pytest.raises(KeyUnusable, match="belongs to another user"):
        spine_key()
    own_key.unlink()
    anothers(own_key.parent)
    with pytest.raises(KeyUnusable, match="folder of another user"):
        spine_key()


def test_a_folder_that_is_sticky_may_be_shared(own_key: Path) -> None:
    own_key.parent.chmod(0o1777)
    assert spine_key() == spine_key()


def counted(secret: bytes) -> tuple[int, int]:
    """How many bytes differ, and how many differences of neighbours."""
    return len(set(secret)), len({(after - before) % 256 for before, after in pairwise(secret)})


def of_values(number: int) -> bytes:
    """32 bytes of which so many differ."""
    draw = random.Random(1)
    some = draw.sample(range(256), number)
    secret = bytes(some + draw.choices(some, k=32 - number))
    assert counted(secret)[0] == number and counted(secret)[1] > 16
    return secret


def of_steps(number: int) -> bytes:
    """32 bytes with so many differences of neighbours."""
    draw = random.Random(1)
    some = draw.sample(range(1, 256), number)
    secret = bytes(total % 256 for total in accumulate(some + draw.choices(some, k=31 - number), initial=7))
    assert counted(secret)[0] > 16 and counted(secret)[1] == number
    return secret


@pytest.mark.parametrize(
    ("secret", "is_random"),
    [(of_values(16), True), (of_values(15), False), (of_steps(16), True), (of_steps(15), False)],
    ids=["16 bytes differ", "15 bytes differ", "16 steps differ", "15 steps differ"],
)
def test_where_a_pattern_begins(secret: bytes, is_random: bool) -> None:
    if is_random:
        assert secret_of(secret.hex().encode()) == secret
    else:
        with pytest.raises(KeyUnusable, match="not drawn at random"):
            secret_of(secret.hex().encode())


def test_random_keys_are_not_taken_for_patterns() -> None:
    for _ in range(2000):
        drawn = os.urandom(32)
        assert secret_of(drawn.hex().upper().encode()) == drawn


def test_what_a_killed_process_left_is_cleared(own_key: Path) -> None:
    left = own_key.with_name(f".{own_key.name}.0badf00d.new")
    left.write_text("ab" * 10)
    assert spine_key() == spine_key()
    assert [each.name for each in own_key.parent.iterdir()] == [own_key.name]


def test_a_folder_that_cannot_be_one_is_said(own_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_key.write_text("a file")
    monkeypatch.setenv("PARITY_KEY_FILE", str(own_key / "pseudonym.key"))
    with pytest.raises(KeyUnusable, match="cannot be kept in"):
        spine_key()


@pytest.mark.parametrize("inside", ["the repository", "the data root"])
def test_a_key_inside_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    path = (PROJECT if inside == "the repository" else home / "ledger") / "pseudonym.key"
    monkeypatch.setenv("PARITY_KEY_FILE", str(path))
    with pytest.raises(KeyUnusable, match=f"inside {inside}"):
        spine_key()
    assert not path.exists()


@pytest.fixture(params=["file", "token"])
def store(request: pytest.FixtureRequest, own_key: Path, monkeypatch: pytest.MonkeyPatch) -> KeyStore:
    """Each kind of store, with the root of the vectors in it."""
    if request.param == "token":
        monkeypatch.delenv("PARITY_KEY_FILE")
        monkeypatch.setenv("PARITY_KEY", request.getfixturevalue("initialised"))
        for name in key_store().names():
            key_store().remove(name)
    key_store().add("1", ROOT)
    return key_store()


def test_file_and_token_make_the_same_keys(store: KeyStore) -> None:
    assert spine_key().secret == slow_expand(ROOT, "parity\x1fspine\x1fv1")
    assert extract_key("x").secret == slow_expand(ROOT, "parity\x1fextract:x\x1fv1")
    assert disclosure_key().secret == slow_expand(FIGURES, "parity\x1fdisclosure\x1fv1")


def test_a_rotation_changes_the_pseudonyms_and_nothing_else(store: KeyStore) -> None:
    spine, figures, erasures = spine_key(), disclosure_key(), tombstone_key()
    assert rotate(store) == 2
    assert versions(store) == [1, 2]
    assert (spine_key().version, spine_key(1)) == ("s2", spine)
    assert spine_key().marks == spine.marks == slow_expand(FIGURES, "parity\x1fmarks\x1fv1")
    assert spine_key().secret != spine.secret
    assert (disclosure_key(), tombstone_key()) == (figures, erasures)
    retire(store, 1)
    assert (disclosure_key(), tombstone_key()) == (figures, erasures)
    assert rotate(store) == 3
    assert (disclosure_key(), tombstone_key()) == (figures, erasures)
    with pytest.raises(KeyUnusable):
        spine_key(1)


def test_after_the_last_version_there_is_no_rotation(store: KeyStore) -> None:
    spine_key()
    store.add("127")
    before = store.names()
    with pytest.raises(KeyUnusable, match="the last that a pseudonym can name"):
        rotate(store)
    assert store.names() == before


def test_the_key_of_the_figures_changes_only_when_asked(store: KeyStore) -> None:
    spine, figures, erasures = spine_key(), disclosure_key(), tombstone_key()
    rotate(store, figures=True)
    assert (disclosure_key().version, tombstone_key()) == ("d2", erasures)
    assert disclosure_key().secret != figures.secret
    assert spine_key().marks != spine.marks
    # Rows under one key and other marks are those of another key: they must not meet in a release.
    assert fingerprint(spine) != fingerprint(replace(spine, marks=spine_key().marks))


def test_the_newest_version_and_one_that_is_not_there_are_not_retired(store: KeyStore) -> None:
    with pytest.raises(NotAsked, match="Version 1 is in use"):
        retire(store, 1)
    with pytest.raises(NotAsked, match=r"no version 7 of the key. There are: 1\."):
        retire(store, 7)


def test_a_root_is_never_written_over(store: KeyStore) -> None:
    before = spine_key()
    with pytest.raises(KeyUnusable, match="There is a key already"):
        store.add("1")
    assert spine_key() == before


@pytest.mark.parametrize("stored", [(), ("figures.1",), ("figures.1", "erasures.1")])
def test_a_rotation_that_broke_off_is_carried_on(store: KeyStore, stored: tuple[str, ...]) -> None:
    figures, erasures = disclosure_key(), tombstone_key()
    for name in stored:  # the order in which a rotation writes
        info = f"parity\x1f{name.removesuffix('.1')}\x1froot"
        store.add(name, bytes.fromhex(slow_expand(ROOT, info)))
    assert (spine_key().version, disclosure_key(), tombstone_key()) == ("s1", figures, erasures)
    rotate(store)
    assert (spine_key().version, disclosure_key(), tombstone_key()) == ("s2", figures, erasures)


def test_a_lost_root_of_the_figures_is_not_replaced_in_silence(store: KeyStore) -> None:
    rotate(store)
    retire(store, 1)
    store.remove("figures.1")
    for needs_it in (disclosure_key, spine_key):
        with pytest.raises(KeyUnusable, match="«figures» is missing"):
            needs_it()
    assert tombstone_key().version == "t1"


def test_a_lost_key_is_not_made_again_beside_others(store: KeyStore) -> None:
    rotate(store)
    for name in ("1", "2"):
        store.remove(name)
    with pytest.raises(KeyUnusable, match="There is no key in"):
        spine_key()


def test_a_key_that_rows_need_is_not_made_again(home: Path, own_key: Path) -> None:
    (home / "pseudonymised" / "submission.s1-00000000.0123456789ab").mkdir(parents=True)
    with pytest.raises(KeyUnusable, match="The pseudonym key is missing"):
        spine_key()
    assert not own_key.exists()
    assert _run(["keys", "new"]) == CLEAN
    assert spine_key().version == "s1"


def test_an_empty_token_gets_no_key_by_itself(store: KeyStore, request: pytest.FixtureRequest) -> None:
    store.remove("1")
    if isinstance(store, KeyFile):
        assert spine_key().version == "s1"
        return
    with pytest.raises(KeyUnusable, match="parity keys new"):
        spine_key()
    assert _run(["keys", "new"]) == CLEAN
    assert spine_key().version == "s1"


TOKEN_REFUSED = {
    "another scheme": (lambda uri: uri.replace("pkcs11:", "https:"), "does not have the form"),
    "no module": (lambda uri: uri.replace("module-path", "x-path"), "does not have the form"),
    "an attribute that is not known": (lambda uri: uri.replace(";", ";slot-id=1;"), "does not have the form"),
    "the PIN itself": (lambda uri: f"{uri}&pin-value={PIN}", "pin-source"),
    "another token": (lambda uri: uri.replace("parity%20test", "another"), "no token named another"),
    "no such module": (lambda uri: uri.replace("libsofthsm2", "nothing"), "cannot be used"),
    "no such file of a PIN": (lambda uri: f"{uri}x", "file of the PIN cannot be opened"),
    "a program that fails": (lambda uri: uri.split("pin-source")[0] + "pin-source=|/bin/false", "did not answer"),
    "a wrong PIN": (lambda uri: uri.split("pin-source")[0] + "pin-source=|/bin/echo 0000", "refuses the PIN"),
}


@pytest.mark.parametrize("how", TOKEN_REFUSED)
def test_a_token_that_cannot_be_used_is_refused(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    change, said = TOKEN_REFUSED[how]
    monkeypatch.delenv("PARITY_KEY_FILE")
    monkeypatch.setenv("PARITY_KEY", change(request.getfixturevalue("initialised")))
    with pytest.raises(KeyUnusable, match=said) as refused:
        spine_key()
    assert PIN not in str(refused.value)


def test_a_program_may_give_the_pin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = request.getfixturevalue("initialised")
    monkeypatch.delenv("PARITY_KEY_FILE")
    pin, names = uri.split("pin-source=")[1], []
    for each in (uri, uri.replace(pin, f"|/bin/cat%20{pin}")):
        monkeypatch.setenv("PARITY_KEY", each)
        names.append(key_store().names())
    assert names[0] == names[1]


def test_a_key_that_can_be_read_from_its_token_is_refused(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pkcs11

    monkeypatch.delenv("PARITY_KEY_FILE")
    monkeypatch.setenv("PARITY_KEY", request.getfixturevalue("initialised"))
    store = key_store()
    for name in store.names():
        store.remove(name)
    with store._session(rw=True) as session:  # type: ignore[attr-defined]
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.GENERIC_SECRET,
                pkcs11.Attribute.LABEL: "parity-1",
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.SIGN: True,
                pkcs11.Attribute.SENSITIVE: False,
                pkcs11.Attribute.EXTRACTABLE: True,
                pkcs11.Attribute.VALUE: ROOT,
            }
        )
    with pytest.raises(KeyUnusable, match="can be read from its token"):
        spine_key()


def test_two_names_of_a_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_KEY", "pkcs11:token=x")
    with pytest.raises(KeyUnusable, match="Both PARITY_KEY and PARITY_KEY_FILE"):
        spine_key()


@pytest.mark.parametrize("recipient", ["", "University of X", "x" * 41, "../x", "-x", "x\x1fv1"])
def test_the_name_of_a_recipient_is_one_word(recipient: str) -> None:
    with pytest.raises(NotAsked, match="1 to 40 small letters"):
        extract_key(recipient)
