"""What counts as prose, which no guess may leave out."""

from __future__ import annotations

import pytest

from tasks.ingest.prose import is_prose, mostly_tells, speaks_of_somebody, tells

PROSE = (
    "By noon the rain had stopped.",
    "By night they came.",
    "By the door stood a man in a wet hat.",
    "He was a publisher from York, and he had lost his way.",
    "It was the autumn of 1911.",
    "In the spring of 1843.",
    "The war ended in 1918.",
    "A story is a story, he said.",
    "With no more than two drawings in his bag, he sat down.",
    "She let the flower press fall.",
    "“No publisher will have it,” he said.",
    "Published by night, the letter said. All rights reserved for him, © or not. ISBN.",
    "The Mill was the name of the house, and A. Writer lived in it.",
    "Copyright was the word that he hated most.",
    "Contents of the box: a lamp, a rope, and his hat.",
)
OTHER = (
    "by A. Writer",
    "By the author of Waverley.",
    "THE MILL",
    "The Long Road Home",
    "All rights reserved.",
    "Copyright 1911 by A. Writer. All rights reserved.",
    "First published in 1911 by Hall and Low.",
    "No part of this book may be reproduced in any form without the written permission of the publisher.",
    "This is a work of fiction. Names, characters and places are products of the author's imagination.",
    "The author has asserted her moral right to be identified as the author of this work.",
    "Illustrated by John Smith.",
    "With twelve illustrations by the author.",
    "London: Hall, 1911.",
    "I. A GUEST ............... 1",
    "Mill, 3, 9",
    "* * *",
    "",
)


@pytest.mark.parametrize("text", PROSE)
def test_sentences_are_prose(text):
    assert is_prose(text)


@pytest.mark.parametrize("text", OTHER)
def test_names_titles_credits_and_imprints_are_none(text):
    assert not is_prose(text)


def test_a_bibliography_tells_nothing_and_a_chapter_of_that_name_does():
    assert not mostly_tells(
        ["Smith, John. A history of the mill. London: Hall, 1911.", "Low, Ann. The lamp. York, 1912."]
    )
    assert mostly_tells(["She wrote her first bibliography at nine, in bed, with a cold.", "London: Hall, 1911."])
    assert not mostly_tells([])


PARTICLES = "a an and as at by de der del di du e et for from in la le of on or own the to und van von with y"


@pytest.mark.parametrize("word", PARTICLES.split())
def test_words_of_titles_make_no_sentence(word):
    assert not is_prose(f"The {word} Mill.") and is_prose(f"The {word} mill fell.")


@pytest.mark.parametrize("word", ["he", "she", "him", "his", "her", "hers", "me", "my", "I"])
def test_a_pronoun_of_one_person_tells(word):
    assert speaks_of_somebody(f"So {word} fell.") and speaks_of_somebody(f"So {word.upper()} fell.")
    assert tells(f"The lamps of {word} burned.")


def test_other_words_and_initials_speak_of_nobody():
    for text in ("They fell.", "It fell.", "See my.", "I. The mill", "i fell", "The shed of hers-elf"):
        assert speaks_of_somebody(text) is (text == "The shed of hers-elf"), text


TELLING = (
    "they them their we us our you your it its am are is was were be been had has have did do does would could "
    "should will can may might must said says asked asks came come went gone ran saw knew took stood sat fell "
    "thought told left found felt heard looked turned began"
)


@pytest.mark.parametrize("word", TELLING.split())
def test_a_common_verb_tells(word):
    assert tells(f"The lamps {word} lit.") and not tells("The lamps on lit.")


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        *((f"The lamp fell{end}", True) for end in (*".!?…", '."', ".”", ".’", ".'", ".»", ".)", ".]", "._", ".*")),
        ("The lamp fell", False),
        ("the lamp fell.", False),
        ("“the lamp fell.”", True),
        ("12 lamps fell.", True),
        ("The lamp fell. It", True),
        ("The lamp fell.” “It", True),
        ("The lamp fell. it", False),
        ("The Lamp. It", False),
        *((f"{opening}go,{closing}", True) for opening, closing in ('""', "“”", "«»")),
        *((f"“go{end}”", True) for end in ",.!?…—"),
        ("“go”", False),
        ("the lamp " + "x" * 292, True),
        ("the lamp " + "x" * 291, False),
        ("THE LAMP FELL.", False),
        ("", False),
    ],
)
def test_sentences_end_in_a_stop_or_are_speech_or_long(text, prose):
    assert is_prose(text) is prose


IMPRINTS = (
    "© of it.|(c) of it.|Copyright of it.|All rights reserved.|All rights are reserved.|No part of this.|"
    "No part of the.|ISBN of it.|Library of Congress of it.|Published in York.|First published by Hall.|"
    "Originally published in 1911.|Reprinted at the York.|Printed for A.|Issued in York.|Typeset by Hall.|"
    "Bound in York.|Printed and bound by Hall.|Published 1911.|Published simultaneously in it.|"
    "Printed privately.|First edition of it.|Second printing of it.|Third impression of it.|"
    "Fourth edition of it.|New edition of it.|Revised edition of it.|Limited edition of it.|This edition of it.|"
    "Fifth edition of it.|A CIP catalogue record of it.|A catalogue record of it.|Cover design of it.|"
    "Cover art of it.|Cover illustration of it.|Cover photo of it.|This is a work of fiction.|"
    "This is a work of nonfiction.|This e-book of it.|This ebook of it.|This book of it.|This publication of it.|"
    "Names, characters of it.|Any resemblance of it.|Translated from it.|Edited by it.|Illustrated and so.|"
    "Designed by it.|Adapted from it.|With twelve illustrations of it.|With drawings of it.|"
    "With an introduction of it.|With a preface of it.|With notes of it.|Illustrations by it.|Drawings by it.|"
    "Introduction by it.|By the author of it.|Written by the author of it.|Author of it."
)


@pytest.mark.parametrize("text", IMPRINTS.split("|"))
def test_what_publishers_put_into_every_book_is_no_prose_but_where_it_speaks_of_somebody(text):
    longer = f"{text[:-1]} as it was told."
    assert not is_prose(longer)
    assert is_prose(f"{longer} And so he fell.")


@pytest.mark.parametrize(
    "words",
    [
        "her moral right",
        "moral rights",
        "identified as the author",
        "asserts the right",
        "assert their right",
        "asserted his right",
    ],
)
def test_moral_rights_are_no_prose_whoever_has_them(words):
    assert not is_prose(f"She had {words} of it, and so it was.")


@pytest.mark.parametrize(("other", "are"), [("x " * 6, True), ("x " * 7, False)])
def test_half_of_the_words_tell(other, are):
    assert mostly_tells(["So he fell from his lamp.", other]) is are
