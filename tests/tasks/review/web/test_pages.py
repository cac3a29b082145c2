"""The whole page by forms alone, as in a browser without scripts."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.dropped import InboxItem, InboxState
from storage.records import Coverage, Edition, EditionFile, RunState, Script
from tasks.review.web import pages
from tasks.review.web.app import STATIC
from tasks.review.web.pages import NAME_COOKIE, NOBODY, Wanted
from tasks.review.web.shelf import Job, JobWord
from tests.tasks.review.library import SOURCE, TITLE
from tests.tasks.review.web.conftest import BOOK


def test_the_list_of_books_leads_to_a_book_and_its_doubtful_sentences(browser):
    browser.open("/")
    (link,) = browser.page.find_class("book")
    assert (link.text, link.get("href")) == (TITLE, BOOK)
    assert "6 of 6 sentences are spoken. 4 doubtful" in browser.text
    browser.open(link.get("href"))
    assert browser.sentences() == ["1:1", "1:3", "2:1", "2:3"]
    assert "may have dropped or mispronounced a word (misspelled: -2.1 nats a character)" in browser.text
    assert "Yes. Nobody had seen Ozma before, they said." in browser.text  # with the sentence before


def test_filters_chapters_and_words(browser):
    browser.open(f"{BOOK}?show=all")
    assert len(browser.sentences()) == 6
    browser.open(f"{BOOK}?show=all&chapter=2")
    assert browser.sentences() == ["2:1", "2:2", "2:3"]
    browser.open(f"{BOOK}?show=all&words=ozma")
    assert browser.sentences() == ["1:1", "1:3"]
    browser.open(f"{BOOK}?show=rejected")
    assert browser.sentences() == [] and "There is no such sentence." in browser.text
    browser.open(f"{BOOK}?show=nonsense&chapter=x&page=-3")
    assert browser.sentences() == ["1:1", "1:3", "2:1", "2:3"]


def test_one_key_leads_from_each_filter_to_the_next_and_keeps_chapter_and_words(browser):
    browser.open(f"{BOOK}?chapter=2&words=clock")
    shown = []
    for _ in range(3):
        (tab,) = browser.page.xpath("//*[@data-key='f']")
        assert tab.getparent().get("class") == "filter" and tab[0].tag == "kbd"
        browser.open(tab.get("href"))
        shown.append(tab.get("href").partition("?")[2])
    assert shown == [f"show={show}&chapter=2&words=clock&page=1" for show in ("rejected", "all", "doubtful")]


def undo_is_offered(browser):
    return browser.form(action="/undo").xpath(".//button")[0].get("disabled") is None


def test_undo_is_offered_to_who_has_decided_something(browser):
    browser.open(BOOK)
    assert not undo_is_offered(browser)
    browser.press(browser.form("1:1"), "action=approve", take="2")
    assert undo_is_offered(browser)
    browser.client.cookies.set(NAME_COOKIE, "Ben")
    browser.open(BOOK)
    assert not undo_is_offered(browser)
    browser.client.cookies.set(NAME_COOKIE, NOBODY)
    browser.open(BOOK)
    browser.press(browser.form(action="/undo"))
    assert not undo_is_offered(browser)


def test_an_approved_sentence_leaves_the_doubtful_ones_and_can_be_undone(browser):
    browser.open(BOOK)
    answer = browser.press(browser.form("1:1"), "action=approve", take="2")
    assert (answer.status_code, answer.url.fragment) == (200, "s-1-3")  # on to the next
    assert "1:1 is approved." in browser.text
    assert browser.sentences() == ["1:3", "2:1", "2:3"]
    browser.open(BOOK)
    assert "1:1 is approved." not in browser.text  # told once
    browser.press(browser.form(action="/undo"))
    assert "Undone: the choice of “Ozma came in.”." in browser.text
    assert browser.sentences() == ["1:1", "1:3", "2:1", "2:3"]


def test_rejected_and_corrected_sentences_are_spoken_again_on_demand(browser, starter):
    browser.open(BOOK)
    with pytest.raises(AssertionError, match="no button job=speak"):
        browser.press(browser.form(action="/start"), "job=speak")
    answer = browser.press(browser.form("1:1"), "action=reject")
    assert answer.url.fragment == "s-1-1" and "take 2 is used now: hear it" in browser.text
    browser.press(browser.form("2:1"), "action=again")
    assert "2:1 will be spoken again" in browser.text
    browser.open(f"{BOOK}?show=all")
    browser.press(
        browser.form("1:3", "correct"), "action=correct", text="Nobody had seen OZ-mah before, they said.", reach="book"
    )
    assert "“Ozma” is said “OZ-mah” in this book, in 2 sentences of it" in browser.text
    assert "2 changes wait to be spoken." in browser.text
    browser.press(browser.form(action="/start"), "job=speak")
    assert starter.jobs == [(SOURCE, Job.SPEAK)] and "speak begins." in browser.text
    browser.press(
        browser.form(action="/withdraw"), decision=browser.page.xpath("//button[@name='decision']")[0].get("value")
    )
    assert "1 change waits to be spoken." in browser.text


def test_a_book_is_published_when_nothing_is_open_any_more(browser, starter):
    browser.open(BOOK)
    assert "decide on the doubtful takes, or approve the book as it is" in browser.text
    browser.press(browser.form(action="/chapters/1/approve"))
    assert "Chapter 1 is approved as it sounds now." in browser.text
    browser.press(browser.form(action=f"{BOOK}/approve"))
    assert "2 of 2 approved" in browser.text
    browser.press(browser.form(action="/start"), "job=publish")
    assert starter.jobs == [(SOURCE, Job.PUBLISH)]


def test_work_that_goes_on_or_came_to_nothing_is_shown(browser, starter, library):
    starter.told = JobWord("talepress: the disk is full")
    browser.open(BOOK)
    assert "talepress: the disk is full" in browser.text
    browser.press(browser.form("2:1"), "action=again")
    assert "1 change waits to be spoken." in browser.text and "press “Speak again”" in browser.text
    with library[0].unit_of_work() as uow:
        run = uow.runs.start(SOURCE, "retry_failed", {}, total=7)
        uow.runs.progress(run, 3, 7)
        uow.commit()
    browser.open(BOOK)
    assert "in the making 3 of 7 sentences are spoken." in browser.text
    assert "to be spoken" not in browser.text and "Speak again”" not in browser.text  # that is what the run does
    state = browser.open(f"{BOOK}/state").json()
    assert (state["running"], state["done"], state["run"]) == (True, 3, run)
    with library[0].unit_of_work() as uow:
        uow.runs.finish(run, RunState.FAILED, "no such voice")
        uow.commit()
    starter.told = JobWord()
    browser.open(BOOK)
    assert "no such voice" in browser.text
    with library[0].unit_of_work() as uow:
        run = uow.runs.start(SOURCE, "publish", {})
        uow.editions.save(run, Edition((EditionFile("m4b", "/out/a.m4b", "0" * 64, 1),), 1.0, ()))
        uow.runs.finish(run, RunState.DONE)
        uow.commit()
    browser.open(BOOK)
    assert "published /out/a.m4b" in browser.text
    browser.open("/")
    assert "published" in browser.text


def test_while_a_job_waits_no_other_is_offered_or_advised(browser, starter):
    browser.open(BOOK)
    browser.press(browser.form("2:1"), "action=again")
    browser.press(browser.form(action=f"{BOOK}/start"), "job=speak")
    starter.told = JobWord("It waits in Prefect for a free worker.", is_waiting=True)
    browser.open(BOOK)
    assert "It waits in Prefect for a free worker." in browser.text
    assert "press “Speak again”" not in browser.text and "to be spoken." not in browser.text
    for button in browser.form(action="/start").iter("button"):
        assert button.get("disabled") is not None
    assert browser.open(f"{BOOK}/state").json()["waits"]


def test_a_correction_is_listed_with_its_undo_when_it_is_spoken_too(browser, library):
    browser.open(f"{BOOK}?show=all")
    browser.press(browser.form("2:1", "correct"), "action=correct", text="The clock stood quite still.", reach="place")
    browser.press(browser.form("1:1", "correct"), "action=correct", text="OZ-mah came in.", reach="always")
    assert browser.text.count("from the next speaking on") == 2
    with library[0].unit_of_work() as uow:
        uow.runs.finish(uow.runs.start(SOURCE, "retry_failed", {}, heeded=uow.decisions.newest(SOURCE)), RunState.DONE)
        uow.commit()
    browser.open(BOOK)
    assert "from the next speaking on" not in browser.text
    assert "“Ozma” is said “OZ-mah” in every book" in browser.text
    assert "“The clock stood still.” is said “The clock stood quite still.” here" in browser.text
    (_, link) = browser.page.xpath("//a[text()='hear where it stands']/@href")
    last = browser.page.xpath("//button[@name='decision']")[-1].get("value")
    browser.press(browser.form(action="/withdraw"), decision=last)
    assert "“The clock stood still.” is said" not in browser.text
    browser.open(link)
    assert browser.sentences() == ["2:1"] and "All 1 hit " in browser.text


@pytest.mark.parametrize("has_inbox", [True, False])
def test_an_empty_list_says_how_a_first_book_comes(serve, library, tmp_path, has_inbox):
    if has_inbox:
        (tmp_path / "inbox").mkdir()
    with library[0].unit_of_work() as uow:
        uow.books.remove(SOURCE)
        uow.commit()
    browser = serve()
    browser.open("/")
    assert "give the command talepress make BOOK" in browser.text
    assert (f"drop one into the inbox, {tmp_path / 'inbox'}, or" in browser.text) == has_inbox


def test_a_book_of_the_inbox_is_published_where_it_is_delivered(browser, library):
    item = InboxItem("d" * 64, SOURCE, "a.epub", {}, datetime.now(UTC), state=InboxState.REVIEW)

    def shown(state, place="", path=f"/inbox/.work/{'d' * 16}/out/a.m4b"):
        with library[0].unit_of_work() as uow:
            run = uow.runs.start(SOURCE, "publish", {})
            uow.editions.save(run, Edition((EditionFile("m4b", path, "0" * 64, 1),), 1.0, ()))
            uow.runs.finish(run, RunState.DONE)
            uow.inbox.put(replace(item, state=state, place=place))
            uow.commit()
        browser.open(BOOK)
        return browser.page.xpath("//main//section//code")[0].text

    assert shown(InboxState.REVIEW) == "on its way to the outbox"
    assert shown(InboxState.DELIVERED, "/outbox/Ann/A") == "/outbox/Ann/A"
    assert shown(InboxState.DELIVERED, "/outbox/Ann/A", path="/out/a.m4b") == "/out/a.m4b"  # made by hand since


def test_one_sentence_is_heard_between_its_neighbours_and_judged(browser):
    browser.open(f"{BOOK}/places/1:1")
    assert "The chapter is not mastered with the takes that are in use now." in browser.text
    assert len(browser.page.find_class("between")) == 3
    browser.press(browser.form("1:1", "note"), "action=note", note="Too loud?")
    assert "editor: Too loud?" in browser.text


def test_what_goes_wrong_is_told_in_words_with_a_way_back(browser):
    browser.open(BOOK)
    answer = browser.press(browser.form("1:1", "correct"), "action=correct", text="...")
    assert answer.status_code == 400
    assert "That was not done nothing would be said there: write at least one word esc Back" in browser.text
    assert browser.page.xpath("//main//a")[0].get("href") == f"{BOOK}?show=all"
    assert browser.open("/books/0123456789abcdef").status_code == 404
    assert browser.open("/books/5").status_code == 404
    assert browser.open(f"{BOOK}/places/7:7").status_code == 404


def test_voices_and_licences_are_a_click_away(browser):
    for address in ("/", BOOK):
        browser.open(address)
        assert browser.page.xpath("//a[@href='/about']")
    browser.open("/about")
    row = browser.page.get_element_by_id("voice-ann")
    assert [cell.text_content() for cell in row] == ["ann", "a woman", "recordings of Ann", "CC0"]
    assert "unknown here: ask whoever made it" in browser.text
    for link in browser.page.xpath("//a[starts-with(@href, '/static/')]/@href"):
        assert browser.client.get(link).status_code == 200


def test_what_is_vendored_is_what_was_published():
    named, file = (STATIC / "wavesurfer.sha256").read_text("ascii").split()
    assert hashlib.sha256((STATIC / file).read_bytes()).hexdigest() == named


def test_the_first_reader_waits_for_nothing_to_be_compiled(serve):
    pages._templates.cache_clear()
    serve()
    compiled = {name for _, name in pages._templates().cache}
    assert compiled == set(pages._templates().list_templates())


def test_a_books_hostile_text_stays_text(browser):
    html = browser.open(BOOK).text
    assert "<script>alert" not in html and TITLE in browser.page.text_content()
    browser.press(browser.form("1:1", "note"), "action=note", note="<img src=x onerror=alert(1)>{{ 7*7 }}")
    assert not browser.page.xpath("//img") and "<img src=x onerror=alert(1)>{{ 7*7 }}" in browser.text
    handlers = [name for element in browser.page.iter() for name in element.attrib if name.startswith("on")]
    assert handlers == [] and not browser.page.xpath("//*[@style]")


def test_an_address_keeps_what_is_wanted():
    wanted = Wanted.of({"show": "all", "chapter": "3", "words": " a&b ", "page": "2"})
    assert Wanted.of({}) == Wanted()
    assert wanted.query(page=1) == "show=all&chapter=3&words=a%26b&page=1"
    assert wanted.query(chapter=None, page=None) == "show=all&words=a%26b"


@pytest.mark.parametrize(("count", "many"), [(0, 1), (1, 1), (25, 1), (26, 2), (50, 2), (51, 3)])
def test_a_page_holds_twenty_five(count, many):
    assert pages._pages(count) == many


@pytest.mark.parametrize(
    ("text", "page"), [("1", 1), ("7", 7), ("999999", 999_999), ("1000000", 1), ("0", 1), ("-2", 1), ("²", 1), ("", 1)]
)
def test_a_page_is_a_number_from_one(text, page):
    wanted = Wanted.of({"page": text, "chapter": text, "words": "w" * 300})
    assert wanted.page == page
    assert wanted.chapter == (int(text) if text.isascii() and text.isdigit() and page == int(text) else None)
    assert wanted.words == "w" * 200


def test_each_page_goes_on_where_the_one_before_ended(browser, library, monkeypatch):
    monkeypatch.setattr(pages, "ON_A_PAGE", 2)
    shown = []
    for page in (1, 2, 3, 4):
        browser.open(f"{BOOK}?show=all&page={page}")
        shown.append(browser.sentences())
    assert shown == [["1:1", "1:2"], ["1:3", "2:1"], ["2:2", "2:3"], []]
    monkeypatch.setattr(pages, "ON_A_PAGE", 1)
    with library[0].unit_of_work() as uow:
        book = replace(uow.books.get(SOURCE), source_sha256=f"{SOURCE[:16]}{'6' * 48}", title="A younger book")
        uow.books.save(book, Script((), (), Coverage(0, 0, 0, 0)))
        uow.commit()
    titles = []
    for page in (1, 2):
        browser.open(f"/?page={page}")
        titles += [link.text for link in browser.page.find_class("book")]
    assert titles == ["A younger book", TITLE]
    # A book is named by 16 digits or more that no other has.
    found = [browser.open(f"/books/{name}").status_code for name in (SOURCE[:15], SOURCE[:16], SOURCE[:17], SOURCE)]
    assert found == [404, 404, 200, 200]


RUN = {"running": False, "published": "", "ended": ""}


def test_what_the_last_run_came_to_is_told_on_both_pages(browser, library, starter):
    starter.told = JobWord("It begins.", is_waiting=True)
    for state, shown, badge in (
        (RunState.DONE, {"published": "/out/a.m4b"}, ["published"]),
        (RunState.FLAGGED, {"published": "/out/a.m4b"}, ["published"]),
        (RunState.REVIEW, {}, ["waits for you"]),
        (RunState.FAILED, {"ended": "no such voice"}, ["the last run failed"]),
        (RunState.STOPPED, {"ended": "no such voice"}, []),
        (RunState.RUNNING, {"running": True}, ["in the making"]),
    ):
        with library[0].unit_of_work() as uow:
            run = uow.runs.start(SOURCE, "book_to_audio", {"voice": "ann"}, total=7)
            uow.runs.progress(run, 3, 8)
            uow.editions.save(run, Edition((EditionFile("m4b", "/out/a.m4b", "0" * 64, 1),), 1.0, ()))
            if state is not RunState.RUNNING:
                uow.runs.finish(run, state, "no such voice")
            uow.commit()
        assert browser.open(f"{BOOK}/state").json() == {
            **{"run": run, "voice": "ann", "done": 3, "total": 8, "word": "It begins.", "waits": True},
            **RUN,
            **shown,
        }
        browser.open("/")
        badges = [element.text for element in browser.page.xpath("//li//p/*[contains(@class, 'badge')]")]
        assert badges == ["4 doubtful", *badge]


def test_a_book_that_nobody_works_on_has_no_run(browser):
    assert browser.open(f"{BOOK}/state").json() == {
        **{"run": "", "voice": "", "done": 0, "total": 0, "word": "", "waits": False},
        **RUN,
    }


def test_each_filter_says_how_much_it_would_show(browser):
    browser.open(BOOK)
    browser.press(browser.form("2:1", "correct"), "action=correct", text="The clock stood quite still.")
    for query, counts in (
        ("", ["4", "1", "6"]),
        ("chapter=1", ["2", "0", "3"]),
        ("chapter=2", ["2", "1", "3"]),
        ("words=yes", ["0 hits", "0 hits", "2 hits"]),
        ("words=clock", ["1 hit", "1 hit", "1 hit"]),
        ("words=clock&chapter=1", ["0 hits", "0 hits", "0 hits"]),
    ):
        browser.open(f"{BOOK}?{query}")
        shown = [" ".join(b.text_content().split()) for b in browser.page.xpath("//nav[@class='filter']/a/b")]
        assert shown == counts, query
