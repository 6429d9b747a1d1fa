"""The words of answers, in eighteen languages: one table, from which every pattern of the parser is made.

A row is a meaning; its entries are regular expressions, matched in lower and upper case. Where a word could also be
part of another, the patterns that use the table see to its edges.
"""

from vtgdata.conversation.answer_scan import folded, lowered

SECOND_WORD = (
    r"seconds?|sekund\w{0,3}|secondes?|segundos?|secondi|secondo|секунд\w{0,3}|saniye\w{0,6}|giây|detik"
    r"|seconden|วินาที|ثاني(?:ة|تين|ه)|ثوان\w?|ثانیه|सेकंड|सेकेंड|सेकण्ड"
)
SECOND = rf"(?:st|nd|rd|th) second|{SECOND_WORD}|secs?|sek|сек|с|sn|秒[钟鐘]?|초|s"
MINUTE_WORD = (
    r"minutes?|minut\w{0,3}|minuten|minutos?|minuti|минут\w{0,2}|dakika\w{0,4}|phút|menit|minuut|นาที"
    r"|دقائق|دقيق(?:ة|تين)|मिनट"
)
MINUTE = rf"{MINUTE_WORD}|mins?|мин|dk|分[钟鐘]?|분"
HOUR = (
    r"hours?|hrs?|stunden?|heures?|horas?|ore|час\w{0,3}|saat\w{0,2}|giờ|godzin\w?|uur|ชั่วโมง|ساع(?:ة|ات)"
    r"|घंटे|घंटा|小时|小時|時間|시간"
)
MILLISECOND = r"milliseconds?|millisekunden|msecs?|ms|毫秒|ミリ秒"

TO = (
    r"(?:through )?to|until|till?|thru|through|up to|bis(?: zu[mr]?)?|hasta|à|au|jusqu.?(?:à|au)|alla?|al"
    r"|ao?s?|até|do|aż do|до|по|tot(?: en met)?|t/m|đến|tới|hingga|sampai|s/d|ile|ถึง|จนถึง|(?:و)?تا|(?:إلى"
    r"|الى|حتى)|से|तक|直?到|至|から|부터|에서|ila"
)
"""Between two times: from the first to the second."""
AND = r"and|&|und|et|y|e|i|en|ve|ile|và|dan|и|et|และ|और|و|和|与|與|と|와|과|하고"
OR = r"or|oder|ou|o|или|либо|veya|ya da|hoặc|hay|atau|lub|albo|of|或者?|又は|または|또는|혹은|أو|या|หรือ"
FROM = (
    r"from|between|within|in|at|during|von|ab|zwischen|entre|tra|fra|de[li]?|du|dal(?:la)?|da|des(?:de)?"
    r"|dos?|das|od|między|pomiędzy|vanaf|van|tussen|từ|trong khoảng|dari|antara|с|со|от|между|ตั้งแต่|จาก"
    r"|ระหว่าง|من|بين|از|arasında"
)
ABOUT = (
    r"the|an?|about|around|approximately|approx\.?|roughly|nearly|almost|just|ca\.?|circa|etwa|ungefähr"
    r"|rund|environ|vers|aproximadamente|unos|hacia|cerca de|около|примерно|yaklaşık|khoảng|tầm|sekitar"
    r"|kira-kira|około|mniej więcej|ongeveer|rond|ประมาณ|حوالي|تقريبا|लगभग|करीब|大约|大約|大概|约|約"
    r"|およそ|약|대략|los|las|la|les?|l'|el|lo|il|os?|as|der|die|das|dem|den|het|de|en|第|thứ|ke-?|ที่|số"
)
"""Before a time: changes nothing."""
BETWEEN = r"between|zwischen|entre|tra|fra|между|między|pomiędzy|tussen|giữa|trong khoảng|antara|ระหว่าง|بين|在"
BETWEEN_AFTER = r"arasında|के बीच|사이|之间|之間|の間|間"
AFTER = r"頃|ごろ|左右|前後|쯤|경|정도|지점|mark|point|timestamp|сек\.|lar(?:da)?|civarı(?:nda)?"
"""After a time: changes nothing."""

UNTIL = r"until|till|by|bis|hasta|até|fino a|jusqu.?[àa]u?|до|đến|tới|hingga|sampai|aż do|tot|ถึง|إلى|حتى|到|至"
UNTIL_BEHIND = r"まで|까지|kadar|तक"
SINCE = r"from|since|从|從|自|desde|ab|ตั้งแต่|من"
SINCE_BEHIND = r"から|부터|itibaren"
START = (
    r"starts?|kicks? off|sets? in|arranca|débute|dès|起點|起点|starting|started|begins?|beginning|began"
    r"|begun|onset|opens|commences?|comienza|empieza|inicia|inicio|começa|início|inizio|inizia|comincia"
    r"|commence|début(?:e)?|beginnt|begint|beginn|begin|startet|anfang|fängt|начинается|начинает|начало"
    r"|начал\w{0,3}|başlıyor|başlar|başlangıç|bắt đầu|dimulai|mulai|zaczyna|rozpoczyna|początek|start"
    r"|เริ่ม(?:ต้น)?|و?يبدأ|بداية|البداية|و?تبدأ|शुरू|शुरुआत|开始|開始|起始|起(?=:)|开头|始ま|始め|はじま"
    r"|시작|출발"
)
END = (
    r"closes?|wraps? up|quits?|ceases?|achève|cesse|smette|finit|para de|deja de|deixa de|cesa|término|終點|终点"
    r"|停下|停止|止ま|やめ|멈|dừng(?: lại)?|berhenti|หยุด|duruyor|durur|रुक|заканчивает|прекращает"
    r"|przestaje|stoppt|aufhört|stopt|ends?|ending|ended|finish(?:es|ed|ing)?|stops?|stopped|stopping"
    r"|(?:is |are |was )?(?:over|done|gone)(?: by)?|offset|concludes?|termina|finaliza|acaba|fin(?:al)?"
    r"|fim|fine|finisce|se termine|finit|fin|endet|ende|eindigt|einde|hört|заканчивается|кончается|конец"
    r"|окончание|bitiyor|bitiriyor|biter|bitiş|sona eriyor|kết thúc|berakhir|selesai|kończy|koniec|จบ|สิ้นสุด|و?ينتهي"
    r"|و?تنتهي|نهاية|و?النهاية|समाप्त\w*|समाप्ति|खत्म|अंत|结束|結束|终止|止(?=:)|終了|終わ|おわ|끝|종료|도착|until"
    r"|till"
)

VIDEO = (
    r"videos?|clips?|footage|recording|film\w{0,2}|movie|vídeo|vidéo|filmato|видео|ролик\w?|wideo"
    r"|nagrani\w|videonun|الفيديو|المقطع|वीडियो|视频|視頻|影片|片子|录像|動画|映像|ビデオ|영상|비디오"
    r"|동영상|วิดีโอ|คลิป|aufnahme"
)
_OF = (
    r"(?: ?(?:of|des|dieses|der|dello|della|del|de|do|da|van|en) ?(?:the|this|la|el|o|de|het|whole)?"
    r"| de la| ของ)? ?(?:" + VIDEO + r")?"
)
# In the next two rows § stands for the video in the possessive, as in `the end of the video`.
TO_END = (
    r"(?:to|until|till|through|thru|up to|-) ?(?:the )?(?:very )?end(?:ing)?(?: of (?:the|this"
    r"|video)(?: ?\w+)?)?|until (?:it|the (?:video|clip)) (?:ends|is over|finishes)|bis (?:zum"
    r"|ans) (?:ende|schluss)§|jusqu.?à la (?:toute )?fin§|hasta el (?:final|fin)§|até o (?:fim|final)§"
    r"|(?:fino )?alla fine§|до (?:самого )?конца§|(?:videonun )?sonuna kadar|(?:إلى|حتى) (?:نهاية"
    r"|آخر)(?: (?:الفيديو|المقطع))?|(?:वीडियो के )?(?:अंत|आखिर) तक|(?:đến|tới|cho đến) (?:hết|cuối)§"
    r"|(?:hingga|sampai) (?:akhir|selesai)§|(?:aż )?do (?:samego )?końca§|tot (?:aan )?het einde?§"
    r"|(?:จนถึง|ถึง|จน)(?:ตอน)?จบ(?:วิดีโอ|คลิป)?|(?:一直)?(?:持续|持續)?(?:直?到|至)(?:视频|視頻|影片"
    r"|片子|录像)?的?(?:结束|結束|结尾|結尾|末尾|最后|最後|终点)|(?:から|、|~)?(?:動画|映像"
    r"|ビデオ)?の?(?:最後|終わり|終了|ラスト)まで|(?:부터 |에서 )?(?:영상|비디오|동영상)?의? ?(?:끝"
    r"|마지막)까지"
).replace("§", _OF)
FROM_START = (
    r"(?:from |since )?the (?:very )?(?:beginning|start)(?: of (?:the|this) \w+)?(?= (?:to|until|till"
    r"|through|up)\b)|(?:vom|ab|von) (?:anfang|beginn)§(?: an)?|(?:du|dès le|depuis le) (?:tout )?début§"
    r"|(?:desde el|del) (?:inicio|principio|comienzo)§|(?:desde o |do )(?:início|começo)§|dall'inizio§"
    r"|(?:с|от) (?:самого )?начала§|(?:videonun )?başından(?: itibaren)?|من (?:بداية|أول)(?: (?:الفيديو"
    r"|المقطع))?|(?:वीडियो की )?(?:शुरुआत|शुरू) से|từ đầu§|dari awal§|od (?:samego )?początku§"
    r"|vanaf het begin§|ตั้งแต่(?:ต้น|เริ่ม)(?:วิดีโอ|คลิป)?|从(?:视频|影片)?的?(?:一?开始|开头|头)|從(?:影片"
    r"|視頻)?的?(?:一?開始|開頭)|(?:動画|映像|ビデオ)?の?(?:最初|冒頭|始め|はじめ|開始)から|(?:영상|비디오"
    r"|동영상)?의? ?(?:시작|처음)부터"
).replace("§", _OF)
WHOLE = (
    r"(?:the )?(?:whole|entire|full|complete) (?:video|clip|duration|length)|das (?:ganze|gesamte) video"
    r"|toute la vidéo|la vidéo entière|todo el v[ií]deo|(?:o )?v[ií]deo (?:inteiro|todo)|todo o v[ií]deo"
    r"|tutto il video|l'intero video|вс[её] видео|videonun tamamı|tüm video|الفيديو (?:بأكمله|كاملا|كله)"
    r"|كامل الفيديو|पूरा वीडियो|toàn bộ video|seluruh video|cał[ey] (?:film|wideo|nagranie)|de hele video"
    r"|ทั้งวิดีโอ|整个视频|整個影片|整段视频|全程|動画全体|全編|영상 전체|전체 영상"
)

LASTS = (
    r"lasts?|runs?|spans?|goes|plays|dauert|läuft|geht|dure|va|fait|dura|tiene|длится|идёт|идет|продолжается"
    r"|sürüyor|sürer|kéo dài|dài|berlangsung|berdurasi|trwa|duurt|loopt"
    r"|长达?|時長|时长|总长|全长|全長|長さ|길이|يستمر|مدته|ยาว"
)
LASTING = (
    r"(?:goes|went|go|going|lasts?|lasted|lasting|continues?|runs?) (?:on )?for|for|lasts?|lasting|takes?|taking"
    r"|dauer\w*|benötigt"
    r"|braucht|dure|durée(?: de)?|pendant|prend|dura|durante|duración de(?: entre)?|tarda|duração de|leva|demora"
    r"|durata di"
    r"|длится|за|длительность|занимает(?: от)?|mất|kéo dài|memakan waktu|berlangsung|selama|trwa|zajmuje|duurt"
    r"|ใช้เวลา|นาน|يستغرق|تستغرق"
    r"|(?:大约|大約|大概)?(?:持续|持續)(?:时间为?|時間為?)?|耗时|耗時|历时|歷時|用时|用時"
)
"""Before how long something takes, if no word like `from` stands between."""
LASTING_BEHIND = (
    r"(?:ほど|くらい|ぐらい|程度)?(?:の間|間)?(?:かか|続き|続く|続い|を要)|(?:정도)? ?(?:동안 )?(?:걸|지속|소요|이어)"
    r"|(?:kadar |boyunca )?(?:sür(?!ec)|al[ıi]r|alıyor)|लगत|तक चलत|long"
)
"""After how long something takes."""
IN_ALL = (
    r"insgesamt|in total|toplam|au total|en total|no total|in totale|в общей сложности|всего|tổng cộng|total|łącznie"
    r"|in totaal"
)
LENGTH = rf"(?:(?:{VIDEO}) ?(?:{LASTS})|(?<!in the )(?<!in this )(?:video|clip|footage) is)(?![^\W\d_])[^.;!?,]*"
"""Before the length of the video."""

NUMBERS = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
CHINESE = "零一二三四五六七八九"

STEMS = {
    "unit": (
        "second sekund segund секунд saniye giây detik วินาที ثاني ثانی ثوان सेक minut минут dakika "
        "phút menit minuut นาที دقي دقائق मिनट"
    ),
    "start": (
        "begin start anfang début inicio principio comienzo início começo inizio начала baş بداية "
        "أول शुर đầu awal początku เริ่ม ต้น 开始 开头 头 開始 開頭 最初 冒頭 始め はじめ 시작 "
        "처음"
    ),
    "end": (
        "end fin fim schluss конца sonuna نهاية آخر अंत आखिर hết cuối akhir selesai końca eind "
        "จบ 结束 結束 结尾 結尾 末尾 最后 最後 终点 終わり 終了 ラスト 끝 마지막 over"
    ),
    "thought": (
        "think thought reason reflection analysis scratch monologue denken gedanken pens "
        "réflexion мысли 思考 생각 channel unused"
    ),
    "lasting": (
        "go went for last continue run take taking dauer benötigt braucht dur pendant prend tarda leva demora длит "
        "за mất kéo memakan berlangsung selama trwa zajmuje duurt ใช้ นาน تستغرق يستغرق 持续 持續 耗时 耗時 历时 歷時 "
        "用时 用時 かか 続 を要 걸 지속 소요 이어 sür alır alir alıyor लगत तक long"
    ),
}
"""For some rows, parts of words of which a text has one if a pattern of the row can match in it: quick to look for."""


_STEMS = {row: folded(stems).split() for row, stems in STEMS.items()}


def may_hold(text: str, row: str) -> bool:
    """Whether a row's patterns can match anywhere in a text."""
    low = lowered(text)
    for stem in _STEMS[row]:  # noqa: SIM110, a generator takes twice as long
        if stem in low:
            return True
    return False
