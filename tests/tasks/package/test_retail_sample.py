"""The retail sample: from the first words after a heading to the end of a sentence, short enough and not too short."""

from configs.publish_profiles import AS_MASTERED, publish_profile
from storage.records import Master, PlacedUtterance
from tasks.package.retail_sample import retail_sample
from tests.tasks.audio import RATE, utterance
from tests.tasks.package.conftest import PACKAGE

ACX = publish_profile("acx", PACKAGE)


def chapter(index, *spans, seconds, heading=True):
    """Spans in seconds; the first one is the heading."""
    placed = tuple(
        PlacedUtterance(
            utterance(n, chapter=index, heading=heading and n == 0), "k", round(start * RATE), round(end * RATE)
        )
        for n, (start, end) in enumerate(spans)
    )
    return Master(index, "T", "a", RATE, round(seconds * RATE), -19.0, -4.0, placed)


def spans(sample):
    return [(one.master.chapter_index, one.start / RATE, one.stop / RATE) for one in sample]


def test_it_ends_with_the_last_sentence_that_fits():
    long = chapter(0, (0.5, 2), (3.5, 100), (100.5, 250), (250.8, 299), (300, 400), seconds=403)
    assert spans(retail_sample([long], ACX)) == [(0, 2.75, 300.0)]


def test_it_goes_on_with_the_next_chapter_where_the_first_is_short():
    first = chapter(0, (0.5, 2), (3.5, 20), seconds=23)
    second = chapter(1, (0.5, 2), (3.5, 90), (90.3, 400), seconds=403)
    assert spans(retail_sample([first, second], ACX)) == [(0, 2.75, 22.0), (1, -0.25, 90.3)]


def test_chapters_together_are_no_longer_than_a_shop_takes():
    first = chapter(0, (0.5, 2), (3.5, 20), seconds=23)
    second = chapter(1, (0.5, 2), (3.5, 90), (90.3, 290), seconds=293)
    sample = spans(retail_sample([first, second], ACX))
    assert [index for index, *_ in sample] == [0, 1]
    assert sum(stop - start for _, start, stop in sample) <= ACX.sample_s == 300


def test_a_book_of_one_sentence_that_is_too_long_has_none():
    assert retail_sample([chapter(0, (0.5, 400), seconds=403, heading=False)], ACX) == ()
    assert retail_sample([chapter(0, (0.5, 2), seconds=5)], ACX) == ()  # nothing but a heading
    assert retail_sample([chapter(0, (0.5, 2), (3, 9), seconds=12)], publish_profile("mp3", PACKAGE)) == ()


PLAIN = ACX.model_copy(update={"head_s": AS_MASTERED, "tail_s": AS_MASTERED, "sample_s": 20.0})


def test_without_silences_of_the_profile_it_has_half_a_second_before_and_one_behind():
    one = chapter(0, (1, 4), (6, 10), (13, 60), seconds=63)
    assert spans(retail_sample([one], PLAIN)) == [(0, 5.5, 11.0)]


def test_silences_end_where_somebody_speaks_and_with_the_chapter():
    one = chapter(0, (1, 4), (4.25, 10), (10.5, 16), seconds=16.75)
    assert spans(retail_sample([one], PLAIN)) == [(0, 4.0, 16.75)]
    long = chapter(0, (1, 4), (4.25, 10), (10.5, 60), seconds=63)
    assert spans(retail_sample([long], PLAIN)) == [(0, 4.0, 10.5)]


def test_it_may_last_as_long_as_the_profile_says_and_no_sample_longer():
    exact = chapter(0, (0, 1), (2, 20.5), seconds=60)
    assert spans(retail_sample([exact], PLAIN)) == [(0, 1.5, 21.5)]
    longer = chapter(0, (0, 1), (2, 20.5 + 1 / RATE), seconds=60)
    assert retail_sample([longer], PLAIN) == ()


def test_a_minute_is_enough_and_less_is_not():
    shop = PLAIN.model_copy(update={"sample_s": 300.0})
    second = chapter(1, (0.5, 2), (3.5, 9), seconds=12)
    minute = chapter(0, (0, 1), (2, 60.5), seconds=70)
    assert [index for index, *_ in spans(retail_sample([minute, second], shop))] == [0]
    less = chapter(0, (0, 1), (2, 60.4), seconds=70)
    assert spans(retail_sample([less, second], shop)) == [(0, 1.5, 61.4), (1, 0.0, 10.0)]  # with its heading
