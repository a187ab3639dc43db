"""The grammar of places as people speak and type them: `3-2-501`, 三栋二单元501室, A座1203, B1-023车位.

A place is compared by its key, a text such as `3|2|501`: index `place_keys(…)` of every place and look the
`key` of what was asked for up with equality.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

MAX_PLACE = 80
MAX_BUILDING = 3
MAX_UNIT = 2
MIN_ROOM = 3
MAX_DASHED_ROOM = 4

_CN = "零〇一二两三四五六七八九十百千"
_STEMS = "甲乙丙丁戊己庚辛东西南北中"
_DIGITS = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_SCALES = {"千": 1000, "百": 100, "十": 10}

# The word behind a number says what it numbers: building, unit, floor or room.
_KINDS = {
    "号楼": "B", "号栋": "B", "栋": "B", "幢": "B", "座": "B", "#楼": "B", "#栋": "B", "#": "B",
    "单元": "U", "门": "U", "梯": "U",
    "楼": "F", "层": "F", "F": "F",
    "号房间": "R", "号房": "R", "号商铺": "R", "号铺": "R", "商铺": "R", "房间": "R", "室": "R", "房": "R",
    "户": "R", "铺": "R", "号": "R", "": "_",
}  # fmt: skip
_OTHER_WORDS = {"门": "门(?![面口牌诊前卫店])", "梯": "梯(?!间)", "户": "户(?!型)"}
_WORDS = "|".join(
    _OTHER_WORDS.get(word, word) for word in sorted(filter(None, _KINDS), key=len, reverse=True)
)
_PART = re.compile(
    r"(?P<value>[A-Z]{1,2}[0-9]{1,4}(?![0-9A-Z])|[0-9]{3,5}(?:[A-Z](?![0-9A-Z])|[甲乙丙丁])"
    r"|[0-9]{1,2}[A-EG-Z](?![0-9A-Z])|[0-9]{1,5}(?![0-9A-EG-Z])|[A-Z](?![0-9A-Z])"
    f"|(?:负|地下)(?:[0-9]|[{_CN}])|[{_CN}]{{1,7}}|[{_STEMS}])"
    f"(?P<word>(?:{_WORDS})|)"
)
# Which numbers may follow each other, and what they then mean; `_` is a number without a word.
_SHAPES = {
    "B": "b", "BU": "bu", "BUF": "buf", "BUR": "bur", "BU_": "bur", "BUFR": "bufr", "BUF_": "bufr",
    "BF": "bf", "BFR": "bfr", "BF_": "bfr", "BR": "br", "B_": "br", "B__": "bur", "B_R": "bur",
    "U": "u", "UR": "ur", "U_": "ur", "UF": "uf", "UFR": "ufr", "UF_": "ufr",
    "R": "r", "FR": "fr", "F_": "fr",
    "__": "br", "_R": "br", "___": "bur", "__R": "bur", "____": "bufr", "___R": "bufr",
    "_U": "bu", "_UR": "bur", "_U_": "bur",
}  # fmt: skip
_START = re.compile(
    f"(?:(?<![0-9A-Z])(?=[0-9A-Z])|(?<![{_CN}])(?=[{_CN}])|(?=[{_STEMS}负地]))"
    f"(?=(?:[0-9A-Z]{{1,6}}|(?:负|地下)?[{_CN}0-9]{{1,7}}|[{_STEMS}])(?:-|{_WORDS}))"
)
_NUMBER = re.compile("([A-Z]{0,2})([0-9]*)([A-Z甲乙丙丁]?)(?:-[0-9]{1,2})?")

_DASHES = re.compile("[\u2010-\u2015\u2212\u2500\uff0d\ufe63~]")
_SPACE_BETWEEN = re.compile(r"(?<=[0-9A-Z])\s+(?=[0-9A-Z])")
_PREFIX_END = re.compile(r"[,;:/\s\u3001\u3002\u00b7]+$")
_BAD_PREFIX = re.compile(r"(?:[0-9A-Z.~#-]|[至到和与及第]|栋|幢|单元|室)$")
_BAD_BEFORE = re.compile(
    r"(?:[0-9A-Z.~#/-]|第|(?<![栋幢座楼元室号])[至到和与及]|(?<![栋幢座楼元室号0-9A-Z])、"
    r"|(?<![0-9])[0-9A-Z][0-9]?[、,])$"
)
_COUNTED = re.compile("[共有建约仅余多近库拆造盖买套达计宅房]$")
_MEASURED = re.compile("[0-9A-Z.%\u2103年月日时分米平元万亿千百个套人户名次层岁天吨多余单房厅]")
_PARKING_WORD = "(?:停车位|车位|泊位)"
_LEVEL = f"(?P<level>(?:负|地下)(?:[0-9]|[{_CN}])层?|B[0-9](?=[-层])层?)"
_SPACE = "(?:(?P<zone>[A-Z][0-9]?)区)?-?(?P<space>[A-Z]{0,2}[0-9]{0,2}-?[0-9]{1,4})"
_PARKING = re.compile(f"(?<![0-9A-Z-])(?:{_LEVEL}-?)?{_SPACE}号?{_PARKING_WORD}$")
_PARKING_FIRST = re.compile(f"(?:地下|地上|地面)?{_PARKING_WORD}号?[:-]?(?:{_LEVEL}-?)?{_SPACE}号?$")
_PARKING_TOLD = re.compile(
    f"(?<![0-9A-Z-])(?:{_LEVEL}-?|(?=[A-Z]))(?P<zone>)(?P<space>[A-Z]?[0-9]?-?[0-9]{{2,4}})号?{_PARKING_WORD}"
)

# A letter F ends floors (5F), but rooms too (501F).
_ENDING = re.compile(
    f"(?<=[0-9A-Z{_CN}{_STEMS}])(?:(?!F)(?:{_WORDS})|{_PARKING_WORD})$|(?<=^[0-9])F$|(?<=^[0-9]{{2}})F$"
)
_SPREADSHEET = re.compile(r"^([0-9]+)\.0$")
_BASEMENT = re.compile(f"(?:负|地下|-)([0-9]+|[{_CN}]+)")
_CHINESE_NUMBER = re.compile(f"[{_CN}]+")
_LEADING_ZEROS = re.compile("(?<![0-9])0+(?=[0-9])")

Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlaceQuery:
    """A place as somebody named it. Numbers are normalised; what was not said is empty.

    `prefix` is what stands before, usually the name of the site. Basement floors are `B1`, `B2`.
    `3-501` may leave out the unit, so its key has none; `place_keys` answers such keys too.
    """

    prefix: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""
    parking: bool = False

    @property
    def key(self) -> str:
        """The text to look up among `place_keys`."""
        return place_keys(
            building=self.building, unit=self.unit, floor=self.floor, room=self.room, parking=self.parking
        )[0]


def parse_place(text: str) -> PlaceQuery | None:
    """Read a text that names one place and nothing else, save the name of the site before it.

    Dates, phone numbers, ranges (`1-4栋`) and numbers alone are no places: None.
    """
    if len(text) > MAX_PLACE:
        return None
    clean = _clean(text)
    if parking := _PARKING.search(clean) or _PARKING_FIRST.search(clean):
        return replace(_parking_place(parking), prefix=_PREFIX_END.sub("", clean[: parking.start()]))
    for match in _START.finditer(clean):
        parts, end = _chain(clean, match.start())
        prefix = _PREFIX_END.sub("", clean[: match.start()])
        if end < len(clean) or _BAD_PREFIX.search(prefix) or (prefix and _is_amount(parts, prefix)):
            continue
        if place := _understand(parts):
            return replace(place, prefix=prefix)
    return None


def find_places(text: str) -> list[PlaceQuery]:
    """The places a running text speaks of, in order, without repetition and without prefix.

    Careful rather than complete: a building alone counts only with a digit or a letter (一栋 is mostly a
    number of buildings), lists and ranges of numbers are passed over.
    """
    clean = _clean(text)
    found: dict[PlaceQuery, None] = {}
    end = 0
    for match in _START.finditer(clean):
        start = match.start()
        if start < end:
            continue
        before = clean[max(0, start - 4) : start]
        parts, stop = _chain(clean, start)
        if _BAD_BEFORE.search(before):
            end = stop
            continue
        parts = _told(parts, following=clean[stop : stop + 1])
        place = _understand(parts) if _is_told(parts, before) else None
        if place:
            found[place] = None
            end = stop
    for match in _PARKING_TOLD.finditer(clean):
        found[_parking_place(match)] = None
    return list(found)


def place_keys(
    *, building: str = "", unit: str = "", floor: str = "", room: str = "", parking: bool = False
) -> tuple[str, ...]:
    """The keys of a place: the full one first, then the one for people who leave out the unit.

    Parts may be written in any way (`3栋`, 三, `03`). The unit `0`, which registers give to shops, is none.
    """
    floor = normalise_number(floor)
    room = normalise_number(room)
    if parking:
        full = (f"P|{floor}|{room}", f"P||{room}")
        return full if floor else full[1:]
    unit = normalise_number(unit)
    unit = "" if unit == "0" else unit
    last = room or (f"F{floor}" if floor else "")
    head = normalise_number(building)
    short = (f"{head}||{last}",) if unit and last else ()
    return (f"{head}|{unit}|{last}", *short)


def normalise_number(value: str) -> str:
    """The number of a building, unit, floor, room or parking space without its word, zeros and spelling.

    `03栋`, `三栋`, `３` and `3.0` (as spreadsheets give it) are `3`; 负一楼 is `B1`.
    """
    clean = _ENDING.sub("", _SPREADSHEET.sub(r"\1", _clean(value)))
    if below := _BASEMENT.fullmatch(clean):
        return f"B{_arabic(below[1])}"
    if _CHINESE_NUMBER.fullmatch(clean):
        clean = _arabic(clean)
    return _LEADING_ZEROS.sub("", clean)


def _clean(text: str) -> str:
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text).upper())
    return re.sub(r"\s+", "", _SPACE_BETWEEN.sub("-", folded.strip()))


def _arabic(chinese: str) -> str:
    """三百零五 and 三〇五 are both 305; a text that is no number stays as it is."""
    if not any(sign in _SCALES for sign in chinese):
        return "".join(_DIGITS.get(sign, sign) for sign in chinese)
    total, digit, scale, gap = 0, 0, 10_000, False
    for sign in chinese:
        if sign in _SCALES:
            if _SCALES[sign] >= scale or (not digit and sign != "十"):
                return chinese
            scale = _SCALES[sign]
            total += (digit or 1) * scale
            digit, gap = 0, False
        elif digit:
            return chinese
        else:
            digit, gap = int(_DIGITS[sign]), gap or sign in "零〇"
    # 一百二 is 120, 一百零二 is 102.
    return str(total + digit * (1 if gap or scale == 10 else scale // 10))


def _chain(text: str, start: int) -> tuple[list[Part], int]:
    parts: list[Part] = []
    end = start
    while match := _PART.match(text, end):
        parts.append((match["value"], match["word"]))
        end = match.end()
        if text[end : end + 1] == "-" and end + 1 < len(text):
            end += 1
        elif not match["word"]:
            break
    return parts, end


def _understand(parts: list[Part]) -> PlaceQuery | None:
    """What a chain of numbers means, or None if it can be no place."""
    parts = _joined(parts)
    shape = _shape(parts)
    meaning = _SHAPES.get(shape, "")
    if not meaning or not _plausible(parts, shape, meaning):
        return None
    said = {sign: normalise_number(value) for sign, (value, _) in zip(meaning, parts, strict=True)}
    building, unit, floor, room = (said.get(sign, "") for sign in "bufr")
    if floor.isdigit() and room.isdigit() and len(room) < MIN_ROOM:
        room = f"{floor}{room:>02}"
    place = PlaceQuery(building=building, unit="" if unit == "0" else unit, floor=floor, room=room)
    return None if place == PlaceQuery() else place


def _shape(parts: list[Part]) -> str:
    kinds: list[str] = []
    for at, (_, word) in enumerate(parts):
        kind = _KINDS[word]
        more = at + 1 < len(parts)
        if at == 0 and more and (word == "号" or (word == "楼" and _KINDS[parts[1][1]] == "U")):
            kind = "B"
        elif word == "#" and at > 0:
            kind = "U" if more else "R"
        kinds.append(kind)
    return "".join(kinds)


def _joined(parts: list[Part]) -> list[Part]:
    """Put together what is one number: T9-1栋, 1栋B座, 501-1."""
    shape = _shape(parts)
    if re.match("_+B", shape) and re.match("[A-Z]+[0-9]", parts[0][0]):
        length = shape.index("B") + 1
        return [("-".join(value for value, _ in parts[:length]), parts[length - 1][1]), *parts[length:]]
    if shape.startswith("BB") and parts[1][1] == "座" and parts[1][0].isascii() and parts[1][0].isalpha():
        return [(f"{parts[0][0]}-{parts[1][0]}", "座"), *parts[2:]]
    if len(parts) > 1 and not parts[-2][1] and _digits(parts[-2][0]) >= MIN_ROOM > _digits(parts[-1][0]) > 0:
        return [*parts[:-2], (f"{parts[-2][0]}-{parts[-1][0]}", parts[-1][1])]
    return parts


def _digits(value: str) -> int:
    number = _NUMBER.fullmatch(value)
    return len(number[2]) if number else 0


def _plausible(parts: list[Part], shape: str, meaning: str) -> bool:
    said = dict(zip(meaning, parts, strict=True))
    building, unit = said.get("b", ("", ""))[0], said.get("u", ("", ""))[0]
    floor = said.get("f", ("", ""))
    room, room_word = said.get("r", ("", ""))
    if floor[0].startswith(("负", "地下")) and not floor[1]:
        return False
    if any(value.startswith(("负", "地下")) for value in (building, unit, room)):
        return False
    if _digits(floor[0]) >= MIN_ROOM and not floor[1]:
        return False
    if any(len(group) > MAX_BUILDING for group in re.findall("[0-9]+", building)) or _digits(unit) > MAX_UNIT:
        return False
    if shape[0] == "_" and not _plausible_dashes([value for value, _ in parts], shape):
        return False
    if meaning == "r":
        return _digits(room) >= MIN_ROOM and room_word not in ("号", "户")
    if "r" in meaning and not room_word and not shape.startswith("___"):
        short = "[0-9]{2}|" if "f" in meaning else ""
        return _digits(room) >= MIN_ROOM or bool(
            re.fullmatch(f"{short}[A-Z][0-9]{{2}}|[0-9]+[A-Z]|[{_CN}]{{3,}}", room)
        )
    return True


def _plausible_dashes(values: list[str], shape: str) -> bool:
    """Whether numbers joined only by dashes may be a place: no dates, telephone numbers or ranges."""
    if not all(value.isascii() for value in values[: shape.count("_")]):
        return False
    first, last = values[0], values[-1]
    if shape == "_U":
        return True
    area_code = first.isdigit() and len(first) == MAX_BUILDING and first[0] == "0"
    if area_code or _digits(last) > MAX_DASHED_ROOM:
        return False
    if len(values) == 2:
        return not (first.isdigit() and len(first) > MAX_UNIT)
    if shape == "___" and all(value.isdigit() for value in values):
        one, two, three = map(int, values)
        short_date = 15 <= one <= 39 and 1 <= two <= 12 and three <= 31 and len(last) < MIN_ROOM
        long_date = 2013 <= three <= 2099 and min(one, two) <= 12 and max(one, two) <= 31
        return not (short_date or long_date)
    return True


def _told(parts: list[Part], *, following: str) -> list[Part]:
    """Leave out the last number of a chain if the running text goes on as if it were an amount."""
    if not parts:
        return parts
    value, word = parts[-1]
    measured = not word and (_MEASURED.match(following) or not value.isascii())
    short = _KINDS[word] in "R_" and _digits(value) < MIN_ROOM
    return parts[:-1] if measured or short or word == "户" else parts


def _is_told(parts: list[Part], before: str) -> bool:
    shape = _shape(parts)
    if shape == "___":
        return _digits(parts[-1][0]) >= MIN_ROOM
    if shape[:1] == "U":
        return len(parts) > 1
    if shape[:1] != "B":
        return False
    value, word = parts[0]
    if len(parts) > 1 and shape != "BF":
        return word != "#" or _digits(value) < MIN_ROOM
    return value.isascii() and word != "#" and not _is_amount(parts, before)


def _is_amount(parts: list[Part], before: str) -> bool:
    """Whether a building without anything behind it is rather a number of buildings or of seats."""
    if len(parts) != 1 or _KINDS[parts[0][1]] != "B":
        return False
    return (parts[0][1] == "座" and not re.search("[A-Z]", parts[0][0])) or bool(_COUNTED.search(before))


def _parking_place(match: re.Match[str]) -> PlaceQuery:
    zone, level = match["zone"] or "", match["level"] or ""
    separator = "-" if zone[-1:].isdigit() else ""
    room = normalise_number(f"{zone}{separator}{match['space']}")
    return PlaceQuery(floor=normalise_number(level), room=room, parking=True)
