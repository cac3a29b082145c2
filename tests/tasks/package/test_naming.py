"""File names that keep to their folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BadInputError
from tasks.package.naming import MAX_NAME_BYTES, check_template, fill_template, safe_name, with_reason


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Wonderful Wizard of Oz", "The Wonderful Wizard of Oz"),
        ("../../etc/passwd", "etc passwd"),
        ("What?: A/B\\C\n*", "What A B C"),
        ("  ...hidden. ", "hidden"),
        ("Ça alors « Élan »", "Ça alors « Élan »"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("-rf", "rf"),
        ("", "book"),
        ("///", "book"),
    ],
)
def test_names(title, name):
    assert safe_name(title) == name


@given(st.text(max_size=400))
def test_any_title_makes_a_name_that_stays_in_its_folder(title):
    name = safe_name(title)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0\n\r')
    assert name[0] not in ".-"
    assert len(name.encode()) <= MAX_NAME_BYTES + 1
    assert safe_name(name) == name


FIELDS = {"author": "Ann", "series": "", "title": "Oz", "voice": "joe", "chapters": "1-3,5", "language": "en"}


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{title} (chapters {chapters})", "Oz (chapters 1-3,5)"),
        ("{title} (series {series})", "Oz"),
        ("{author}/{series}/{title}", "Ann/Oz"),
        ("{series} - {title}", "Oz"),
        ("/etc/{title}", "etc/Oz"),
        ("../{title} ({language}, {voice})", "Oz (en, joe)"),
        ("{title} (plain)", "Oz (plain)"),
    ],
)
def test_templates(template, path):
    check_template(template)
    assert fill_template(template, FIELDS).as_posix() == path


@pytest.mark.parametrize(
    "template", ["{title} {reader}", "{author}", "{title", "title}", "{title} {}", "{title:>99}", "{{title}}"]
)
def test_a_template_that_cannot_be_used_is_refused_with_its_fields(template):
    with pytest.raises(BadInputError, match=r"package\.name"):
        check_template(template)


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_field_stays_in_its_folder_and_what_comes_after_a_title_is_kept(title, author):
    path = fill_template("{author}/{title} (chapters {chapters})", {**FIELDS, "title": title, "author": author})
    assert not path.is_absolute()
    assert not {"..", "."} & set(path.parts)
    assert len(path.parts) <= 2
    assert len(path.name.encode()) <= MAX_NAME_BYTES + 1
    assert path.name.endswith("(chapters 1-3,5)")


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_reason_is_kept_where_the_name_is_long(title, reason):
    name = with_reason(safe_name(title), reason)
    assert len(name.encode()) <= MAX_NAME_BYTES + 2
    assert not reason or name.endswith(f"({safe_name(reason, MAX_NAME_BYTES // 2)})")
