"""Whatever a row can name in the artifact store is known to `References`, so that cleaning never removes it."""

from storage.schema import Base

OF_SOMETHING_ELSE = {  # digests of what does not lie in the artifact store
    "books.source_sha256",
    "books.content_sha256",
    "edition_files.sha256",
    "inbox.source_sha256",
}
KNOWN = {"takes.audio_sha256", "masters.audio_sha256", "voices.latents_sha256"}


def test_every_column_with_an_address_is_known():
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    }
    assert columns == OF_SOMETHING_ELSE | KNOWN, "References.all must know the new column, or say here what it is"
