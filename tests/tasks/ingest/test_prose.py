"""What counts as prose, which no guess may leave out."""

from __future__ import annotations

import pytest

from tasks.ingest.prose import is_prose, mostly_tells

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
