"""A book in a language that the model does not speak: refused, unless --force."""

import pytest

FRENCH = (
    "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite "
    "que je n’avais pas le temps de me dire que je m’endormais.\n\n"
)


@pytest.mark.usefixtures("home")
def test_a_french_book_is_refused_unless_forced(talepress, tmp_path):
    book = tmp_path / "swann.txt"
    book.write_text(FRENCH * 5, encoding="utf-8")
    ended = talepress("plan", book)
    assert ended.code == 2
    assert "swann.txt is in French" in ended.err and "--force" in ended.err and len(ended.err.splitlines()) == 1
    made = talepress("make", book, "--out", tmp_path / "out")
    assert made.code == 2 and "French" in made.err and not (tmp_path / "out").exists()
    forced = talepress("plan", book, "--force", "--json")
    assert forced.code == 0 and len(forced.json["chapters"]) == 1
