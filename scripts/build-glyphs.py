"""Makes src/report/glyphs.ts: the letters of the pictures, from the bitmap font misc-fixed 8x13 of X11.

Its file says: "Public domain font.  Share and enjoy." On Debian 12:

    apt-get download xfonts-base && dpkg-deb -x xfonts-base*.deb font
    pcf2bdf -o 8x13.bdf font/usr/share/fonts/X11/misc/8x13.pcf.gz
    python3 scripts/build-glyphs.py 8x13.bdf && npx biome check --write src/report/glyphs.ts
"""

import base64
import sys
from pathlib import Path

# Latin, Greek and Cyrillic letters, and some punctuation.
RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x384, 0x3CE), (0x400, 0x45F), (0x2013, 0x2026)]
ROWS = 13
DESCENT = 2

glyphs = {}
code = box = bitmap = None
for line in Path(sys.argv[1]).read_text().splitlines():
    word, *rest = line.split() or [""]
    if word == "ENCODING":
        code = int(rest[0])
    elif word == "BBX":
        box = [int(number) for number in rest]
    elif word == "BITMAP":
        bitmap = []
    elif word == "ENDCHAR":
        _, height, x, y = box
        below = y + DESCENT
        rows = [0] * (ROWS - below - height) + [row >> x for row in bitmap] + [0] * below
        glyphs[code] = bytes(rows)
        bitmap = None
    elif bitmap is not None:
        bitmap.append(int(word, 16))

lines = []
for first, last in RANGES:
    data = b"".join(glyphs.get(each, bytes(ROWS)) for each in range(first, last + 1))
    text = base64.b64encode(data).decode()
    chunks = " +\n".join(f'"{text[at:at + 100]}"' for at in range(0, len(text), 100))
    lines.append(f"[{first:#x}, {chunks}],")

Path("src/report/glyphs.ts").write_text(
    "// Made by scripts/build-glyphs.py from the bitmap font misc-fixed 8x13 of X11, which is in the public domain.\n"
    "/**\n * Letters of 8 x 13 pixels: ranges of characters, each with its first and a byte for every row of every letter, from top to\n"
    " * bottom, in base64. The greatest bit is the leftmost pixel.\n */\n"
    f"export const GLYPH_RANGES: readonly (readonly [first: number, rows: string])[] = [\n{chr(10).join(lines)}\n];\n"
)
