"""Finding an instrument by what a person types: code, name, part of a name, or its initial consonants."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.sdk import Text
from markets.desk import Desk
from markets.kis.master import Instrument
from markets.results import FoundSymbol, Market, SymbolSearch

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
#: Best first; the position is the rank of a match.
MATCHES = ("code", "name", "prefix", "initials", "part")


def initials_of(text: str) -> str:
    """The initial consonants of Hangul syllables (Unicode arithmetic: 588 syllables an initial); others unchanged."""
    return "".join(INITIALS[(ord(letter) - 0xAC00) // 588] if "가" <= letter <= "힣" else letter for letter in text)


def plain(text: str) -> str:
    """A text for comparison: lower case, without blanks and the usual punctuation of company names."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def match_of(query: str, item: Instrument) -> str | None:
    """How a search text fits an instrument, None when it does not."""
    wanted, name = plain(query), plain(item.name)
    if not wanted:
        return None
    if wanted == item.code.lower() or wanted == item.standard_code.lower() or f"q{wanted}" == item.code.lower():
        return "code"
    if wanted == name:
        return "name"
    if name.startswith(wanted):
        return "prefix"
    if all(letter in INITIALS for letter in wanted):
        return "initials" if wanted in initials_of(name) else None
    return "part" if wanted in name or (len(wanted) >= 3 and item.code.lower().startswith(wanted)) else None


def search(query: str, items: Iterable[Instrument]) -> list[tuple[str, Instrument]]:
    """Matching instruments, best first: kind of match, stocks before funds, larger before smaller."""
    found = [(match, item) for item in items if (match := match_of(query, item)) is not None]
    found.sort(key=lambda pair: (MATCHES.index(pair[0]), pair[1].kind != "stock", -pair[1].market_cap, pair[1].code))
    return found


async def find_symbol(desk: Desk, query: str, market: Market, kinds: frozenset[str], count: int) -> SymbolSearch:
    """Instruments of the symbol files that fit a text."""
    reading, names = await desk.instruments(), await desk.sector_names()
    items = [
        item
        for item in reading.value.values()
        if market in (Market.ALL, item.market) and (not kinds or item.kind in kinds)
    ]
    found = search(query, items)
    notices: list[Text] = []
    if reading.layer == "stale":
        notices.append(
            Text(
                "The symbol files cannot be had just now; this is the last good copy.",
                "종목 파일을 받을 수 없어 마지막 사본을 사용합니다.",
            )
        )
    if not found:
        notices.append(
            Text(
                "Nothing fits. Try a part of the name, the six-character code or initial consonants.",
                "일치하는 종목이 없습니다. 이름 일부, 여섯 자리 코드, 초성으로 찾아보세요.",
            )
        )
    return SymbolSearch(
        as_of=reading.fetched_at,
        source=f"{desk.source}, symbol files",
        query=query,
        total=len(found),
        rows=[
            FoundSymbol(
                code=item.code,
                name=item.name,
                market=Market(item.market),
                kind=item.kind,
                sector=item.sector,
                sector_name=names.get(item.sector, ""),
                preferred=item.is_preferred,
                spac=item.is_spac,
                halted=item.is_halted,
                match=match,
            )
            for match, item in found[:count]
        ],
        notices=[notice.in_language(desk.language) for notice in notices],
    )
