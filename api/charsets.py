"""Character sets by the names that senders give them, and which of them a text is in."""

import re
from collections.abc import Iterable, Mapping

UNKNOWN = "utf-8"
"""In what is answered where nothing is known of the sender's."""

# Every 8-bit and multi-byte set here keeps the bytes below 0x40 for ASCII, so that frames and line ends are found in
# the bytes; UTF-16 and UTF-32 do not and cannot be sent this way. GB 18030 holds GBK, and GBK holds GB 2312.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "utf-8": ("UNICODEUTF8", "UTF8", "UNICODE", "UNICODEUTF", "ISO10646"),
    "gb18030": (
        "GB18030",
        "GB180302000",
        "GB180302005",
        "GB180302022",
        "GBK",
        "CP936",
        "MS936",
        "WINDOWS936",
        "GB2312",
        "GB231280",
        "GB23121980",
        "EUCCN",
        "GB",
    ),
    "big5": ("BIG5", "BIG5HKSCS", "CP950"),
    "ascii": ("ASCII", "USASCII", "ISO646", "ISOIR6"),
    "cp1252": ("WINDOWS1252", "CP1252"),
    **{
        f"iso8859_{part}": (f"8859{part}", f"ISO8859{part}", f"LATIN{part}") for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)
    },
}
_CODECS: Mapping[str, str] = {name: codec for codec, names in _NAMES.items() for name in names}
_GUESSES = ("utf-8", "gb18030")
_SINGLE = frozenset(codec for codec in _NAMES if codec.startswith(("iso8859", "cp1252", "ascii")))


def codec_named(name: str | None) -> str | None:
    """Python's codec of a character set, by any name that senders use (`UNICODE UTF-8`, `GB 18030-2000`, `8859/1`)."""
    return None if name is None else _CODECS.get(re.sub(r"[^A-Z0-9]", "", name.upper()))


def decoded(text: bytes, *, declared: str | None, rule: str | None) -> tuple[str, str] | None:
    """The text and its codec; None where it is in none of the sets that it may be in.

    What the message declares counts first, then what the site says of its sender. Where neither is there, UTF-8 and
    then GB 18030 are tried. ASCII says nothing: senders write it and mean what they always use.
    """
    named = [codec for codec in (codec_named(declared), codec_named(rule)) if codec is not None and codec != "ascii"]
    return _first(text, named or _GUESSES)


def speaks_chinese(codec: str) -> bool:
    """Whether Chinese can be written in it."""
    return codec not in _SINGLE


def _first(text: bytes, codecs: Iterable[str]) -> tuple[str, str] | None:
    for codec in codecs:
        try:
            return text.decode(codec), codec
        except UnicodeDecodeError:
            continue
    return None
