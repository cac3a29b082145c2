"""A drop capital is part of its word, however the book sets it; other single letters stay apart."""

from __future__ import annotations

import pytest

from tests.tasks.ingest.html.test_walker import blocks


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p><img src='t.png' alt='T'/>here was once a miller.</p>", "There was once a miller."),
        ("<p><span class='dropcap'>O</span><span>nce upon</span> a time.</p>", "Once upon a time."),
        ("<p><span>“W</span>hat now?” he said.</p>", "“What now?” he said."),
        ("<div class='dropcap'>I</div><p>t was a dark night.</p>", "It was a dark night."),
        ("<div>“T</div>\n<p>hey came,” he said.</p>", "“They came,” he said."),
        ("<div class='figleft'><img src='a.png' alt='A'/></div><p>LL the men had gone.</p>", "ALL the men had gone."),
        ("<p><b>H</b> E SAW.</p>", "HE SAW."),
        ("<p><span>T</span> <span>HE</span> <span>night</span> was long.</p>", "THE night was long."),
        ("<p>T<small>HE KING</small> was dead.</p>", "THE KING was dead."),
        ("<p><span style='float:left'>A</span> man came.</p>", "A man came."),
        ("<p><b>I</b> saw him.</p>", "I saw him."),
        ("<p><b>J</b> Quelch was there.</p>", "J Quelch was there."),
        ("<p><b>B</b> movies were shown.</p>", "B movies were shown."),
        ("<p>Plan <b>B</b> e.g. this.</p>", "Plan B e.g. this."),
    ],
)
def test_a_drop_capital_is_a_part_of_its_word(body, text):
    assert blocks(body) == [("paragraph", text)]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<div>A</div><p>The first list.</p>", ["A", "The first list."]),
        ("<p>B</p><p>bees and their ways.</p>", ["B", "bees and their ways."]),
        ("<div>X</div><h2>ray</h2>", ["X", "ray"]),
    ],
)
def test_a_letter_that_begins_no_word_is_a_block_of_its_own(body, texts):
    assert [text for _, text in blocks(body)] == texts


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        *((f"<{tag}>T</{tag}><p>he night.</p>", ["The night."]) for tag in ("p", "div", "figure")),
        *((f"<p>T</p><{tag}>he night.</{tag}>", ["The night."]) for tag in ("p", "div", "blockquote", "section")),
        *((f"<p>T</p><{tag}>he night.</{tag}>", ["T", "he night."]) for tag in ("h2", "dd", "caption", "figcaption")),
        ("<div><img alt='T'/></div><p> he night.</p>", ["The night."]),
        ("<div><img alt='T'/><img alt='T'/></div><p>he night.</p>", ["he night."]),
        ("<div>x<img alt='T'/></div><p>he night.</p>", ["x", "he night."]),
        ("<div><p>T</p></div><p>he night.</p>", ["The night."]),
        ("<div><p>T</p><p/></div><p>he night.</p>", ["T", "he night."]),
        ("<div>TH</div><p>e night.</p>", ["TH", "e night."]),
        ("<div>t</div><p>he night.</p>", ["t", "he night."]),
        ("<div>T</div><p>Hall came.</p>", ["T", "Hall came."]),
        ("<div>Z</div><p>qqq came.</p>", ["Zqqq came."]),
        ("<div>A</div><p>way he went.</p>", ["A", "way he went."]),
        ("<div>O</div><p>nce he went.</p>", ["Once he went."]),
        *((f"<div>{quote}T</div><p>he night.</p>", [f"{quote}The night."]) for quote in ('"', "“", "‘", "'", "«")),
        ("<p><b/>" + "<i/>" * 5 + "<b>T</b> he night.</p>", ["The night."]),
        ("<p><b/>" + "<i/>" * 6 + "<b>T</b> he night.</p>", ["T he night."]),
    ],
)
def test_capitals_and_what_follows_them(body, texts):
    assert [text for _, text in blocks(body)] == texts
