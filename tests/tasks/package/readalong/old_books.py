"""An EPUB 2 for tests, without a fault, of what such books hold; and others with one thing changed."""

from __future__ import annotations

import zipfile
from pathlib import Path

DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f00050001ffa5e60e4d0000000049454e44ae426082"
)
CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="uid">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:dcterms="http://purl.org/dc/terms/">
<dc:title>The Old Pier</dc:title>
<dc:creator opf:role="aut" opf:file-as="Author, Ann">Ann Author</dc:creator>
<dc:contributor opf:role="ill">Ian Ink</dc:contributor>
<dc:identifier id="uid">urn:uuid:9e1c0a1e-8d6b-4f5a-9f3e-0123456789ab</dc:identifier>
<dc:identifier opf:scheme="ISBN">9780306406157</dc:identifier>
<dc:language xsi:type="dcterms:RFC3066">en</dc:language>
<dc:date opf:event="publication">1999-05-06</dc:date>
<dc:date opf:event="modification">2004-03-02</dc:date>
<dc:date opf:event="creation">1998</dc:date>
<meta name="cover" content="cover-picture"/>
</metadata>
<manifest>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="cover-picture" href="pictures/cover.png" media-type="image/png"/>
<item id="style" href="style.css" media-type="text/css"/>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
</manifest>
<spine toc="ncx"><itemref idref="cover" linear="no"/><itemref idref="one"/><itemref idref="two"/></spine>
<guide><reference type="cover" title="Cover" href="cover.xhtml"/></guide>
</package>
"""
NCX = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head><meta name="dtb:uid" content="urn:uuid:9e1c0a1e-8d6b-4f5a-9f3e-0123456789ab"/></head>
<docTitle><text>The Old Pier</text></docTitle>
<navMap>
<navPoint id="a" playOrder="1"><navLabel><text>One &amp; Only</text></navLabel><content src="text/one.xhtml"/>
<navPoint id="b" playOrder="2"><navLabel><text>A Part</text></navLabel><content src="text/one.xhtml#part"/></navPoint>
</navPoint>
<navPoint id="c" playOrder="3"><navLabel><text>Two</text></navLabel><content src="text/two.xhtml"/></navPoint>
</navMap>
<pageList><navLabel><text>Pages</text></navLabel>
<pageTarget id="p" type="normal" value="7" playOrder="2"><navLabel><text>7</text></navLabel>
<content src="text/one.xhtml#part"/></pageTarget></pageList>
</ncx>
"""
ONE = f"""<?xml version="1.0" encoding="utf-8"?>
{DOCTYPE}
<html xmlns="http://www.w3.org/1999/xhtml" version="-//W3C//DTD XHTML 1.1//EN" xml:lang="en">
<head>
<meta http-equiv="Content-Type" content="application/xhtml+xml; charset=utf-8"/>
<meta http-equiv="Content-Style-Type" content="text/css" />
<title>One</title>
<link rel="stylesheet" type="text/css" href="../style.css"/>
</head>
<body>
<h1>One &amp; Only</h1>
<p>The pier was old&nbsp;&mdash; older than <em>anyone</em> who walked on it. Nobody knew who had built it.</p>
<!-- &nbsp; stays in a comment -->
<p id="part">Caf&eacute; owners said &ldquo;it is the town&rsquo;s&rdquo; and went on with their work.</p>
</body>
</html>
"""
TWO = f"""<?xml version="1.0" encoding="utf-8"?>
{DOCTYPE}
<html xmlns="http://www.w3.org/1999/xhtml">
<head><title>Two</title></head>
<body>
<h1>Two</h1>
<p>In the evening the lamps were lit along the whole length of it.</p>
<div><svg xmlns="http://www.w3.org/2000/svg" version="1.1" viewBox="0 0 1 1"><rect width="1" height="1"/></svg></div>
</body>
</html>
"""
COVER = f"""<?xml version="1.0" encoding="utf-8"?>
{DOCTYPE}
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Cover</title></head>
<body><div><img src="pictures/cover.png" alt="Cover"/></div></body></html>
"""
WRITTEN = (2005, 6, 7, 8, 9, 10)
FILES: dict[str, str | bytes] = {
    "META-INF/container.xml": CONTAINER,
    "OEBPS/content.opf": PACKAGE,
    "OEBPS/toc.ncx": NCX,
    "OEBPS/style.css": "p { margin: 0 }\n",
    "OEBPS/pictures/cover.png": PNG,
    "OEBPS/cover.xhtml": COVER,
    "OEBPS/text/one.xhtml": ONE,
    "OEBPS/text/two.xhtml": TWO,
}


def old_book(path: Path, name: str = "", old: str = "", new: str = "") -> Path:
    """Writes the book; in the file of a name, every `old` is `new`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(zipfile.ZipInfo("mimetype", WRITTEN), "application/epub+zip")
        for own, content in FILES.items():
            changed = content
            if name and own.endswith(name):
                assert isinstance(content, str) and old in content
                changed = content.replace(old, new)
            book.writestr(zipfile.ZipInfo(own, WRITTEN), changed)
    return path
