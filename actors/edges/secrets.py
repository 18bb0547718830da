"""What must not be read over somebody's shoulder, taken out of text that people see."""

import re
from typing import Final

_USERINFO: Final = re.compile(r"://(?:(?!://).)*@")
"""Up to the last `@` before another URL: a password may hold any sign that URLs have a use for."""
_NAMED: Final = re.compile(
    r"""(?ix)
    ( \w* (?: secret | pass (?:word|phrase|wd) | token | (?:api|private) _? key ) \w*
      ['"]? \s* [:=] \s* )
    ( "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s,}\]]+ )"""
)
"""The value of a setting whose name says what it is."""
HIDDEN: Final = "***"


def redacted(text: str) -> str:
    """`text` without user names and passwords of URLs, keys, passphrases and tokens."""
    return _NAMED.sub(rf"\1'{HIDDEN}'", _USERINFO.sub(f"://{HIDDEN}@", text))
