"""Task runs are named after chapters and utterances, as people count them."""

from flows.run.names import mastering_name, speaking_name


def test_speaking_is_named_after_chapter_and_utterances():
    assert speaking_name([(2, index) for index in range(40, 72)]) == "speak ch 3: 41-72"
    assert speaking_name([(2, 40)]) == "speak ch 3: 41"
    assert speaking_name([(2, 71), (2, 40), (2, 50)]) == "speak ch 3: 3 of 41-72"
    assert speaking_name([(2, 71), (3, 0)]) == "speak ch 3-4: 2 utterances"


def test_mastering_is_named_after_its_chapters():
    assert mastering_name([2]) == "master ch 3"
    assert mastering_name([2, 3, 4, 5]) == "master ch 3-6"
