"""Media overlays: every byte of a small one."""

import pytest

from tasks.package.readalong.smil import Pair, clock, duration_ms, smil

PAIRS = [
    Pair("s1", "a.m4a", 0, 1_500),
    Pair("s2", "a&b.m4a", 1_500, 2_000, "footnote"),
    Pair("s3", "a.m4a", 2_000, 2_001, "footnote"),
    Pair("s4", "a.m4a", 2_001, 3_000, "endnote"),
    Pair("s5", "a.m4a", 3_000, 4_000),
]
WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">
<body>
<seq id="all" epub:textref="../a&amp;b.xhtml" epub:type="chapter">
<par id="par1"><text src="../a&amp;b.xhtml#s1"/><audio src="a.m4a" clipBegin="0:00:00.000" clipEnd="0:00:01.500"/></par>
<seq id="note-s2" epub:textref="../a&amp;b.xhtml#s2" epub:type="footnote">
<par id="par2"><text src="../a&amp;b.xhtml#s2"/><audio src="a&amp;b.m4a" clipBegin="0:00:01.500" \
clipEnd="0:00:02.000"/></par>
<par id="par3"><text src="../a&amp;b.xhtml#s3"/><audio src="a.m4a" clipBegin="0:00:02.000" clipEnd="0:00:02.001"/></par>
</seq>
<seq id="note-s4" epub:textref="../a&amp;b.xhtml#s4" epub:type="endnote">
<par id="par4"><text src="../a&amp;b.xhtml#s4"/><audio src="a.m4a" clipBegin="0:00:02.001" clipEnd="0:00:03.000"/></par>
</seq>
<par id="par5"><text src="../a&amp;b.xhtml#s5"/><audio src="a.m4a" clipBegin="0:00:03.000" clipEnd="0:00:04.000"/></par>
</seq>
</body>
</smil>
"""


def test_an_overlay_is_one_sequence_with_notes_as_sequences_of_their_own():
    assert smil("../a&b.xhtml", PAIRS) == WRITTEN
    assert duration_ms(PAIRS[1:4]) == 1_500 and duration_ms([]) == 0


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "0:00:00.000"),
        (59_999, "0:00:59.999"),
        (60_000, "0:01:00.000"),
        (3_599_050, "0:59:59.050"),
        (3_600_007, "1:00:00.007"),
        (45_296_789, "12:34:56.789"),
    ],
)
def test_times_are_full_clock_values(milliseconds, written):
    assert clock(milliseconds) == written
