"""What rows need of the artifact store: all that they can name is known, and what may go is needed by nothing."""

import pytest

from storage.records import Master, VoiceRecord
from storage.schema import Base
from tests.storage.builders import SOURCE, make_book, make_take, save_keyed

OF_SOMETHING_ELSE = {  # digests of what does not lie in the artifact store
    "books.source_sha256",
    "books.content_sha256",
    "edition_files.sha256",
    "inbox.source_sha256",
}
KNOWN = {"takes.audio_sha256", "masters.audio_sha256", "voices.latents_sha256"}

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


def test_every_column_with_an_address_is_known():
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    }
    assert columns == OF_SOMETHING_ELSE | KNOWN, "References.all must know the new column, or say here what it is"


def test_audio_that_a_book_asks_for_may_not_go_with_a_take_that_shares_it(uow):
    keyed = save_keyed(uow, make_book())
    asked = make_take(keyed[0].key, audio_sha256="1" * 64)
    same = make_take("of a text since changed", audio_sha256="1" * 64)  # two silent takes have the same bytes
    other = make_take("of another voice", audio_sha256="2" * 64)
    uow.takes.add([asked, same, other])
    assert uow.references.asked_takes() == {"1" * 64}
    assert uow.references.other_takes() == {"2" * 64}
    uow.references.forget_takes(["1" * 64, "2" * 64])
    assert set(uow.takes.audio()) == {asked.key}


def test_all_that_rows_name_is_listed(uow):
    keyed = save_keyed(uow, make_book())
    lost = make_take(keyed[0].key, audio_sha256="1" * 64)
    uow.takes.add([lost, make_take("of another voice", audio_sha256="2" * 64)])
    uow.takes.mark_lost([lost.key])
    voice = VoiceRecord("ann", "d" * 64, "3" * 64, clips=("4" * 64, "5" * 64), model_digest="m" * 64)
    uow.voices.add(voice)
    master = Master(0, "One", "6" * 64, 24_000, 1000, -19.0, -3.0, ())
    uow.masters.save("key", master)
    assert uow.references.voices() == {"3" * 64, "4" * 64, "5" * 64}
    assert uow.references.all() == {str(n) * 64 for n in range(1, 7)} | {SOURCE}


def test_what_a_take_that_is_lost_was_is_asked_for_still(uow):
    """It may be found again, and its text is asked for."""
    keyed = save_keyed(uow, make_book())
    asked = make_take(keyed[0].key, audio_sha256="1" * 64)
    uow.takes.add([asked, make_take("of another voice", audio_sha256="2" * 64)])
    uow.takes.mark_lost([asked.key, "of another voice-0"])
    assert (uow.references.asked_takes(), uow.references.other_takes()) == ({"1" * 64}, {"2" * 64})


def test_only_what_is_named_is_forgotten(uow):
    uow.takes.add([make_take(name, audio_sha256=name * 64) for name in "123"])
    uow.references.forget_takes(["1" * 64, "9" * 64])
    assert set(uow.takes.audio()) == {"2-0", "3-0"}
    uow.references.forget_takes([])
    assert set(uow.takes.audio()) == {"2-0", "3-0"}


def test_a_book_that_is_removed_asks_for_nothing(uow):
    keyed = save_keyed(uow, make_book())
    uow.takes.add([make_take(keyed[0].key, audio_sha256="1" * 64)])
    uow.books.remove(SOURCE)
    assert (uow.references.asked_takes(), uow.references.other_takes()) == (frozenset(), {"1" * 64})
    assert uow.references.books() == frozenset()


def test_all_that_is_named_is_forgotten_however_much_it_is(uow):
    uow.takes.add([make_take(name, audio_sha256=name * 64) for name in "123"])
    uow.references.forget_takes([name * 64 for name in "123"])
    assert uow.takes.audio() == {}
