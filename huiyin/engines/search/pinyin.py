"""Names by pinyin: `zhangsanfeng`, `zsf`, `zhangsf` and `sanfeng` all find 张三丰.

Surnames are read as surnames (曾 zeng, 尉迟 yuchi); characters with several readings are found by each of
them, because neither the operator at the telephone nor the register knows how a name is spoken.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from functools import cache, lru_cache

from pypinyin import Style, pinyin

from huiyin.engines.search.text import CJK, PINYIN, fold

MAX_COMBINATIONS = 8
MAX_TAIL_COMBINATIONS = 2
MAX_READINGS = 4
MAX_SYLLABLES = 24
MAX_NAME = 200
LONGEST_PERSON = 4

# Surnames that are not spoken like the word, or that have two living readings, the usual one first.
_SURNAMES = """
曾:zeng 单:shan 單:shan 仇:qiu 解:xie 查:zha,cha 区:ou,qu 區:ou,qu 朴:piao,pu 任:ren 盖:ge,gai 蓋:ge,gai
缪:miao,mou 繆:miao,mou 乐:yue,le 樂:yue,le 覃:qin,tan 尉:wei,yu 员:yun 員:yun 宓:mi,fu 种:chong 種:chong
秘:bi 冼:xian 洗:xian 折:she,zhe 黑:he,hei 薄:bo,bao 牟:mou,mu 翟:zhai,di 逄:pang 祭:zhai,ji 隗:wei,kui
柏:bai,bo 都:du 车:che 車:che 佴:nai 召:shao,zhao 繁:po,fan 郇:xun,huan 郗:xi,chi 郄:qie,xi 卜:bu 能:nai
粘:nian 逯:lu 莘:shen,xin 盛:sheng 么:yao 笮:ze,zuo 句:gou 炅:gui 还:huan 還:huan 阚:kan 闞:kan 蔚:yu,wei
颉:xie,jie 省:xing 藏:zang 术:zhu,shu 術:zhu,shu 澹:tan 圈:juan,quan 纥:he 宛:wan,yuan 隽:juan,jun
乜:nie 谌:chen,shen 諶:chen,shen 适:kuo,shi 番:pan,fan 葛:ge 华:hua 華:hua 燕:yan 过:guo 應:ying 应:ying
石:shi 沈:shen 叶:ye 万:wan 冯:feng 臧:zang 余:yu 俞:yu 戚:qi 强:qiang 宁:ning 那:na 哈:ha 行:xing,hang
"""
_COMPOUND_SURNAMES = """
欧阳:ou-yang 歐陽:ou-yang 尉迟:yu-chi 尉遲:yu-chi 万俟:mo-qi 萬俟:mo-qi 长孙:zhang-sun 長孫:zhang-sun
单于:chan-yu 單于:chan-yu 令狐:ling-hu 澹台:tan-tai 澹臺:tan-tai 鲜于:xian-yu 鮮于:xian-yu 呼延:hu-yan
皇甫:huang-fu 宰父:zai-fu 谷梁:gu-liang 穀梁:gu-liang 拓跋:tuo-ba 夹谷:jia-gu 淳于:chun-yu 太叔:tai-shu
申屠:shen-tu 公孙:gong-sun 公孫:gong-sun 仲孙:zhong-sun 轩辕:xuan-yuan 钟离:zhong-li 鍾離:zhong-li
宇文:yu-wen 慕容:mu-rong 司马:si-ma 司馬:si-ma 司徒:si-tu 司空:si-kong 司寇:si-kou 亓官:qi-guan
子车:zi-ju 颛孙:zhuan-sun 端木:duan-mu 巫马:wu-ma 公西:gong-xi 漆雕:qi-diao 乐正:yue-zheng 壤驷:rang-si
公良:gong-liang 归海:gui-hai 羊舌:yang-she 微生:wei-sheng 梁丘:liang-qiu 左丘:zuo-qiu 东门:dong-men
西门:xi-men 南宫:nan-gong 南宮:nan-gong 第五:di-wu 濮阳:pu-yang 公冶:gong-ye 宗政:zong-zheng 赫连:he-lian
诸葛:zhu-ge 諸葛:zhu-ge 东方:dong-fang 東方:dong-fang 上官:shang-guan 夏侯:xia-hou 闻人:wen-ren
聞人:wen-ren 闾丘:lv-qiu 段干:duan-gan 百里:bai-li 东郭:dong-guo 哥舒:ge-shu 独孤:du-gu 纳兰:na-lan
完颜:wan-yan 耶律:ye-lv 贺兰:he-lan 南荣:nan-rong 褚师:chu-shi 斛律:hu-lv 达奚:da-xi 侯莫陈:hou-mo-chen
爱新觉罗:ai-xin-jue-luo 叶赫那拉:ye-he-na-la
"""

Readings = tuple[str, ...]


def _surnames() -> dict[str, Readings]:
    entries = (entry.split(":") for entry in _SURNAMES.split())
    return {surname: tuple(readings.split(",")) for surname, readings in entries}


def _compound_surnames() -> dict[str, Readings]:
    entries = (entry.split(":") for entry in _COMPOUND_SURNAMES.split())
    return {surname: tuple(syllables.split("-")) for surname, syllables in entries}


SURNAMES = _surnames()
COMPOUND_SURNAMES = _compound_surnames()

_PIECE = re.compile(r"[^\W_]+")
_UNIT = re.compile(f"[{CJK}]+|[^{CJK}]+")
_CHINESE = re.compile(f"[{CJK}]+")
_SPACED_CHINESE = re.compile(f"\\s*[{CJK}](?:\\s*[{CJK}])*\\s*")
_INNER_DOT = re.compile("[\u00b7\u2022\u2027\u30fb.'\u2019-]")
_SYLLABLE = re.compile("[a-z]+")


@lru_cache(maxsize=16_384)
def name_tokens(name: str) -> str:
    """The tokens by which `text.fts5_match` and `text.tsquery` find a person or a company by Latin letters.

    Whole pinyin and initials, each also from the second and later syllables on, and the surname in full
    with the initials of the given name. Several names in one field are read one by one; of one name at most
    8 combinations of readings count. Queries ask for beginnings, so a token that only begins another
    is left out.
    """
    folded = _INNER_DOT.sub("", fold(name[:MAX_NAME]))
    if _SPACED_CHINESE.fullmatch(folded) and len("".join(folded.split())) <= LONGEST_PERSON:
        folded = "".join(folded.split())
    found: set[str] = set()
    for piece in _PIECE.findall(folded):
        found |= _piece_tokens(piece)
    return " ".join(PINYIN + token for token in _without_beginnings(found))


def _piece_tokens(piece: str) -> set[str]:
    units = _units(piece)[:MAX_SYLLABLES]
    person = len(units) <= LONGEST_PERSON
    found: set[str] = set()
    for start in range(len(units)):
        limit = MAX_COMBINATIONS if person or start == 0 else MAX_TAIL_COMBINATIONS
        for syllables in _combinations(units[start:], limit):
            initials = [syllable if syllable.isdigit() else syllable[0] for syllable in syllables]
            found.add("".join(syllables))
            found.add("".join(initials))
            if start == 0:
                found.add("".join([syllables[0], *initials[1:]]))
    return {token for token in found if token.isascii() and len(token) > 1}


def _units(piece: str) -> list[Readings]:
    """The readings of every Chinese character; a Latin word or a number counts as one syllable."""
    units: list[Readings] = []
    for run in _UNIT.findall(piece):
        units += _run_readings(run, first=not units) if _CHINESE.match(run) else [(run,)]
    return units


def _run_readings(run: str, *, first: bool) -> list[Readings]:
    readings = [_sign_readings(sign) for sign in run]
    if len(run) >= LONGEST_PERSON:
        # Longer names are made of words, and words tell the reading: 重庆银行 is chongqing yinhang.
        words = pinyin(run, style=Style.NORMAL, heteronym=True)
        if len(words) == len(run):
            others: Sequence[Readings] = readings if len(run) == LONGEST_PERSON else [()] * len(run)
            readings = [_spelled([*word, *more]) for word, more in zip(words, others, strict=True)]
    return _read_surname(run, readings) if first else readings


def _read_surname(run: str, readings: list[Readings]) -> list[Readings]:
    for length in (4, 3, 2):
        if compound := COMPOUND_SURNAMES.get(run[:length]):
            return [*(_spelled([syllable]) for syllable in compound), *readings[length:]]
    surname = SURNAMES.get(run[0], ())
    if len(run) <= LONGEST_PERSON:
        return [_spelled([*surname, *readings[0]]), *readings[1:]]
    return [_spelled([*readings[0], *surname]), *readings[1:]]


@cache
def _sign_readings(sign: str) -> Readings:
    return _spelled(pinyin(sign, style=Style.NORMAL, heteronym=True)[0])


def _spelled(syllables: Sequence[str]) -> Readings:
    """Readings without repetition, ü written as people type it: lv, lu or (in passports) lyu."""
    spellings: dict[str, None] = {}
    for syllable in syllables:
        if _SYLLABLE.fullmatch(syllable):
            for umlaut in ("v", "u", "yu") if "v" in syllable else ("",):
                spellings[syllable.replace("v", umlaut)] = None
    # A sign without a known reading keeps its place and makes every token it is in unusable.
    return tuple(spellings)[:MAX_READINGS] or tuple(syllables[:1])


def _combinations(units: Sequence[Readings], limit: int) -> list[Readings]:
    """Combinations of readings, the usual ones first, then those with one unusual reading, then two."""
    queue: deque[tuple[Readings, int]] = deque([(tuple(unit[0] for unit in units), 0)])
    found: list[Readings] = []
    while queue and len(found) < limit:
        chosen, position = queue.popleft()
        found.append(chosen)
        for at in range(position, len(units)):
            queue.extend(((*chosen[:at], other, *chosen[at + 1 :]), at + 1) for other in units[at][1:])
    return found


def _without_beginnings(tokens: set[str]) -> list[str]:
    kept: list[str] = []
    for token in sorted(tokens, reverse=True):
        if not kept or not kept[-1].startswith(token):
            kept.append(token)
    return kept[::-1]
