"""What libraries look for under free names, whatever the container."""

from tests.tasks.package.audio.labels import BARE, CHAPTER, NAMED, PART


def test_every_fact_has_its_own_name_and_what_is_not_known_has_none():
    assert PART.named_texts == CHAPTER.named_texts == NAMED
    assert BARE.named_texts == {"NARRATOR": "The Narrator"}
