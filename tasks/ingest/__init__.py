"""Stage 1: a book file becomes a `Book` of chapters and blocks. `tasks.ingest.book.read_book` is the way in.

Must not know how blocks become speech.
"""
