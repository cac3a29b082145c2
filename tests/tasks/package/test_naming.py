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
        *((f"a{sign}{sign}b", "a b") for sign in '\\/:*?"<>|\x00\x01\x1f\x7f\t\n\r\u2028\u00a0'),
        *((f"a{sign}b", "ab") for sign in "\u200b\u200e\u202e\u2066\ufeff\ud800"),  # what turns names around
        ("a..b - c", "a..b - c"),
        ("-. a .-", "a"),
        ("Cafe\u0301", "Caf\u00e9"),
        *((name, f"_{name}") for name in ("prn", "Aux", "nul", "COM1", "com9", "COM0", "lpt1", "LPT9.tar.gz", "con.x")),
        *((name, name) for name in ("icon", "console", "com10", "com", "lpt", "nul a")),
        ("con ", "_con"),
        ("x" * 150, "x" * 150),
        ("x" * 151, "x" * 150),
        ("x" * 149 + "é", "x" * 149),
        ("x" * 148 + " .y", "x" * 148),
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


def test_a_name_may_have_another_length():
    assert safe_name("abcdef", 3) == "abc"
    assert safe_name("con.rest", 3) == "_con"
    assert safe_name("é", 1) == "book"


@pytest.mark.parametrize(
    ("name", "reason", "wanted"),
    [
        ("Oz", "", "Oz"),
        ("Oz", "read by joe", "Oz (read by joe)"),
        ("Oz", "../joe", "Oz (joe)"),
        ("x" * 144, "abc", "x" * 144 + " (abc)"),
        ("x" * 150, "abc", "x" * 144 + " (abc)"),
        ("x" * 150, "y" * 90, "x" * 72 + f" ({'y' * 75})"),
        ("x" * 150, "é" * 90, "x" * 73 + f" ({'é' * 37})"),
    ],
)
def test_a_reason_stands_in_brackets_behind_a_name_that_is_cut_for_it(name, reason, wanted):
    assert with_reason(name, reason) == wanted


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
        ("{title} ({voice}, {series})", "Oz"),
        ("{title}/{title}", "Oz/Oz"),
        ("//. /{title}", "Oz"),
    ],
)
def test_templates(template, path):
    check_template(template)
    assert fill_template(template, FIELDS).as_posix() == path


def test_of_a_long_name_the_title_is_cut_and_never_to_nothing():
    def filled(template, **fields):
        return fill_template(template, {**FIELDS, **fields}).as_posix()

    assert filled("{title} ({voice})", title="x" * 144) == "x" * 144 + " (joe)"
    assert filled("{title} ({voice})", title="x" * 145) == "x" * 144 + " (joe)"
    assert filled("{title} ({voice})", title="é" * 100) == "é" * 72 + " (joe)"
    assert filled("{title} {voice}", title="xyz", voice="v" * 200) == "x " + "v" * 148
    assert filled("{author}/{title}", author="a" * 200, title="x") == "a" * 150 + "/x"
    assert filled("{author}/{title}", author="a/b", title="c/d") == "a b/c d"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{title} {reader} {x}", r"\{reader\} is unknown; what can stand in it is \{author\}, .*\{language\}$"),
        ("{title} }", "there is a brace without its other half"),
        ("{author}", r"books would get one name; put \{title\} into it"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(template, message):
    with pytest.raises(BadInputError, match=message):
        check_template(template)


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
