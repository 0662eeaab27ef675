"""Personal data is dropped at the door: phone numbers, e-mail addresses and messenger ids in free text."""

from __future__ import annotations

import re
import unicodedata

# Mobile, area-code, 070, 050x relay and 15xx/16xx numbers, with any usual separator or none.
# (?<!\d) and (?!\d) keep listing ids and prices out: those are longer or shorter digit runs.
_SEPARATOR = r"[\s.\-)·ㅡ_/~]{0,3}"
_PHONE = re.compile(
    rf"(?<!\d)(?:\+?82{_SEPARATOR}\(?0?|\(?0)(?:1[016789]|2|[3-6][1-5]|70|50[2-8]?|80){_SEPARATOR}\d{{3,4}}{_SEPARATOR}\d{{4}}(?!\d)"
    rf"|(?<!\d)1[5-9]\d{{2}}[\s.\-)·ㅡ_]{{1,3}}\d{{4}}(?!\d)"
)
_DIGIT_WORDS = "공영일이삼사오육칠팔구"
_SPELLED = re.compile(rf"[공영][일1][공영0][\s.\-]{{0,3}}[{_DIGIT_WORDS}\d][{_DIGIT_WORDS}\d\s.\-]{{6,14}}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_MESSENGER = re.compile(r"(?:카톡|카카오톡|텔레그램|라인)\s*(?:아이디|id|ID)?\s*[:：]?\s*[A-Za-z][\w.\-]{3,20}")
_NAMED = re.compile(
    r"(?:(?:공인중개사|중개사|소장|대표|실장|담당자?|부장|팀장|이사)\s*[:：]\s*[가-힣]{2,4}(?:\s*(?:소장|대표|실장|부장|팀장|이사|님))?"
    r"|(?<![가-힣])[가-힣]{2,4}\s+(?:소장|실장|팀장|공인중개사)(?:님)?(?![가-힣]))"
)
_CHEAP = re.compile(r"\d|@|공|영일|카톡|카카오톡|텔레그램|라인|중개사|소장|대표|실장|담당|부장|팀장|이사")
MASK = "[연락처 삭제]"
MASK_NAME = "[담당자 삭제]"


def scrub(text: str | None) -> str:
    """Text without phone numbers, e-mail addresses, messenger ids and named contact persons."""
    if not text:
        return ""
    clean = unicodedata.normalize("NFKC", text)
    if not _CHEAP.search(clean):
        return clean
    for pattern, mask in ((_EMAIL, MASK), (_PHONE, MASK), (_SPELLED, MASK), (_MESSENGER, MASK), (_NAMED, MASK_NAME)):
        clean = pattern.sub(mask, clean)
    return clean


def contains_personal_data(text: str) -> bool:
    """Whether `scrub` would change the (NFKC) text."""
    return scrub(text) != unicodedata.normalize("NFKC", text)
