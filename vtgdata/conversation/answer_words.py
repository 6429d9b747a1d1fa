"""The words of answers, in eighteen languages: one table, from which every pattern of the parser is made.

A row is a meaning; its entries are regular expressions, matched in lower and upper case. Where a word could also be
part of another, the patterns that use the table see to its edges.
"""

SECOND_WORD = (
    r"seconds?|sekund\w{0,3}|secondes?|segundos?|secondi|secondo|секунд\w{0,3}|saniye\w{0,6}|giây|detik"
    r"|seconden|วินาที"
    r"|ثاني(?:ة|تين|ه)|ثوان\w?|सेकंड|सेकेंड|सेकण्ड"
)
SECOND = rf"(?:st|nd|rd|th) second|{SECOND_WORD}|secs?|sek|сек|с|sn|秒[钟鐘]?|초|s"
MINUTE_WORD = (
    r"minutes?|minut\w{0,3}|minuten|minutos?|minuti|минут\w{0,2}|dakika\w{0,4}|phút|menit|minuut|นาที"
    r"|دقائق|دقيق(?:ة|تين)|मिनट"
)
MINUTE = rf"{MINUTE_WORD}|mins?|мин|dk|分[钟鐘]?|분"
HOUR = (
    r"hours?|hrs?|stunden?|heures?|horas?|ore|час\w{0,3}|saat\w{0,2}|giờ|godzin\w?|uur|ชั่วโมง|ساع(?:ة|ات)|घंटे|घंटा"
    r"|小时|小時|時間|시간"
)
MILLISECOND = r"milliseconds?|millisekunden|msecs?|ms|毫秒|ミリ秒"

TO = (
    r"(?:through )?to|until|till?|thru|through|up to|bis(?: zu[mr]?)?|hasta|à|au|jusqu.?(?:à|au)|alla?|al"
    r"|ao?s?|até|do|aż do|до|по"
    r"|tot(?: en met)?|t/m|đến|tới|hingga|sampai|s/d|ile|ถึง|จนถึง|(?:و)?(?:إلى|الى|حتى)|से|तक|直?到|至"
    r"|から|부터|에서|ila"
)
"""Between two times: from the first to the second."""
AND = r"and|&|und|et|y|e|i|en|ve|ile|và|dan|и|et|และ|और|و|和|与|與|と|와|과|하고"
FROM = (
    r"from|between|within|in|at|during|von|ab|zwischen|entre|tra|fra|de|du|dal(?:la)?|da|des(?:de)?|dos?"
    r"|das|od|między|pomiędzy"
    r"|vanaf|van|tussen|từ|trong khoảng|dari|antara|с|со|от|между|ตั้งแต่|จาก|ระหว่าง|من|بين|arasında"
)
ABOUT = (
    r"the|an?|about|around|approximately|approx\.?|roughly|nearly|almost|just|ca\.?|circa|etwa|ungefähr"
    r"|rund|environ|vers"
    r"|aproximadamente|unos|hacia|cerca de|около|примерно|yaklaşık|khoảng|tầm|sekitar|kira-kira|około|mniej więcej"
    r"|ongeveer|rond|ประมาณ|حوالي|تقريبا|लगभग|करीब|大约|大約|大概|约|約|およそ|약|대략"
    r"|los|las|la|les?|l'|el|lo|il|os?|as|der|die|das|dem|den|het|de|en|第|thứ|ke-?|ที่|số"
)
"""Before a time: changes nothing."""
BETWEEN = r"between|zwischen|entre|tra|fra|между|między|pomiędzy|tussen|giữa|trong khoảng|antara|ระหว่าง|بين|在"
BETWEEN_AFTER = r"arasında|के बीच|사이|之间|之間|の間|間"
AFTER = r"頃|ごろ|左右|前後|쯤|경|정도|지점|mark|point|timestamp|Uhr|сек\.|lar(?:da)?|civarı(?:nda)?"
"""After a time: changes nothing."""

UNTIL = (
    r"until|till|by|bis|hasta|até|fino a|jusqu.?[àa]u?|до|đến|tới|hingga|sampai|aż do|tot|ถึง|إلى|حتى|到|至|まで|까지"
)
SINCE = r"from|since|从|從|自|desde|ab|ตั้งแต่|から|부터|من"
START = (
    r"starts?|starting|started|begins?|beginning|began|begun|onset|opens|commences?|comienza|empieza"
    r"|inicia|inicio|começa"
    r"|início|inizio|inizia|comincia|commence|début(?:e)?|beginnt|begint|beginn|begin|startet|anfang|fängt"
    r"|начинается|начинает"
    r"|начало|начал\w{0,3}|başlıyor|başlar|başlangıç|bắt đầu|dimulai|mulai|zaczyna|rozpoczyna|początek"
    r"|start|เริ่ม(?:ต้น)?|و?يبدأ|بداية|البداية|و?تبدأ"
    r"|शुरू|शुरुआत|开始|開始|起始|开头|始ま|始め|はじま|시작"
)
END = (
    r"ends?|ending|ended|finish(?:es|ed|ing)?|stops?|stopped|stopping|(?:is |are |was )?(?:over|done"
    r"|gone)(?: by)?|offset|concludes?"
    r"|termina|finaliza|acaba|fin(?:al)?|fim|fine|finisce|se termine|finit|fin|endet|ende|eindigt|einde"
    r"|hört|заканчивается|кончается"
    r"|конец|окончание|bitiyor|biter|bitiş|sona eriyor|kết thúc|berakhir|selesai|kończy|koniec|จบ|สิ้นสุด"
    r"|و?ينتهي|و?تنتهي|نهاية|و?النهاية"
    r"|समाप्त\w*|समाप्ति|खत्म|अंत|结束|結束|终止|終了|終わ|おわ|끝|종료|until|till|by"
)

VIDEO = (
    r"videos?|clips?|footage|recording|film\w{0,2}|movie|vídeo|vidéo|filmato|видео|ролик\w?|wideo|nagrani\w|videonun"
    r"|الفيديو|المقطع|वीडियो|视频|視頻|影片|片子|录像|動画|映像|ビデオ|영상|비디오|동영상|วิดีโอ|คลิป|aufnahme"
)
_OF = (
    r"(?: ?(?:of|des|dieses|der|dello|della|del|de|do|da|van|en) ?(?:the|this|la|el|o|de|het|whole)?"
    r"| de la| ของ)? ?(?:" + VIDEO + r")?"
)
# In the next two rows § stands for the video in the possessive, as in `the end of the video`.
TO_END = (
    r"(?:to|until|till|through|thru|up to|-) ?(?:the )?(?:very )?end(?:ing)?(?: of (?:the|this|video)(?: ?\w+)?)?"
    r"|until (?:it|the (?:video|clip)) (?:ends|is over|finishes)|bis (?:zum|ans) (?:ende|schluss)§"
    r"|jusqu.?à la (?:toute )?fin§|hasta el (?:final|fin)§|até o (?:fim|final)§|(?:fino )?alla fine§"
    r"|до (?:самого )?конца§|(?:videonun )?sonuna kadar|(?:إلى|حتى) (?:نهاية|آخر)(?: (?:الفيديو|المقطع))?"
    r"|(?:वीडियो के )?(?:अंत|आखिर) तक"
    r"|(?:đến|tới|cho đến) (?:hết|cuối)§|(?:hingga|sampai) (?:akhir|selesai)§"
    r"|(?:aż )?do (?:samego )?końca§|tot (?:aan )?het einde?§|(?:จนถึง|ถึง|จน)(?:ตอน)?จบ(?:วิดีโอ|คลิป)?"
    r"|(?:一直)?(?:直?到|至)(?:视频|視頻|影片|片子|录像)?的?(?:结束|結束|结尾|結尾|末尾|最后|最後|终点)"
    r"|(?:から|、)?(?:動画|映像|ビデオ)?の?(?:最後|終わり|終了|ラスト)まで|(?:부터 |에서 )?(?:영상|비디오"
    r"|동영상)?의? ?(?:끝|마지막)까지"
).replace("§", _OF)
FROM_START = (
    r"(?:from |since )?the (?:very )?(?:beginning|start)(?: of (?:the|this) \w+)?(?= (?:to|until|till|through|up)\b)"
    r"|(?:vom|ab|von) (?:anfang|beginn)§(?: an)?|(?:du|dès le|depuis le) début§|desde el (?:inicio"
    r"|principio|comienzo)§|(?:desde o |do )(?:início|começo)§|dall'inizio§|(?:с|от) (?:самого )?начала§"
    r"|(?:videonun )?başından(?: itibaren)?"
    r"|من (?:بداية|أول)(?: (?:الفيديو|المقطع))?|(?:वीडियो की )?(?:शुरुआत|शुरू) से|từ đầu§|dari awal§"
    r"|od (?:samego )?początku§|vanaf het begin§|ตั้งแต่(?:ต้น|เริ่ม)(?:วิดีโอ|คลิป)?|从(?:视频"
    r"|影片)?的?(?:一?开始|开头|头)|從(?:影片|視頻)?的?(?:一?開始|開頭)"
    r"|(?:動画|映像|ビデオ)?の?(?:最初|冒頭|始め|はじめ|開始)から|(?:영상|비디오|동영상)?의? ?(?:시작|처음)부터"
).replace("§", _OF)
WHOLE = (
    r"(?:the )?(?:whole|entire|full|complete) (?:video|clip|duration|length)|das (?:ganze|gesamte) video"
    r"|toute la vidéo|la vidéo entière"
    r"|todo el v[ií]deo|(?:o )?v[ií]deo (?:inteiro|todo)|todo o v[ií]deo|tutto il video|l'intero video"
    r"|вс[её] видео|videonun tamamı|tüm video"
    r"|الفيديو (?:بأكمله|كاملا|كله)|كامل الفيديو|पूरा वीडियो|toàn bộ video|seluruh video|cał[ey] (?:film"
    r"|wideo|nagranie)|de hele video|ทั้งวิดีโอ"
    r"|整个视频|整個影片|整段视频|全程|動画全体|全編|영상 전체|전체 영상"
)

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

BUT = (
    r"but|however|instead|only|rather|sondern|aber|mais|sino|pero|mas|ma|però|но|а|однако|ama|fakat|ancak"
    r"|nhưng|mà|tapi|tetapi"
    r"|melainkan|ale|lecz|maar|so|and|und|y|et|и|ve|لكن|ولكن|بل|लेकिन|पर"
)
BUT_JOINED = r"而是|但是|但|しかし|けれど|ではなく|하지만|그러나|แต่"
REQUEST = (
    r"(?:please|could you|can you|kindly)?,? ?(?:share|provide|upload|send|give me|show me|let me know"
    r"|tell me|try|check|specify)|please"
    r"|bitte|veuillez|por favor|per favore|пожалуйста|lütfen|vui lòng|silakan|mohon|proszę|请|請|กรุณา|يرجى|कृपया"
)
REASON = (
    r"reason(?:ing|s)?|explanation|because|note|justification|evidence|rationale|begründung|erklärung"
    r"|explication|raison"
    r"|explicación|razón|motivo|spiegazione|объяснение|причина|açıklama|giải thích|penjelasan|wyjaśnienie"
    r"|uitleg|理由|原因|解释|解釋|説明|설명|이유"
)
FINAL = (
    r"final answer|(?:my |the )?(?:correct |right |final )?answer(?: is)?|in conclusion|conclusion"
    r"|therefore|thus|hence|so(?= ?:|,? (?:it|the))|final"
    r"|(?:最终|最終|正确)?(?:答案|答え|结论|結論|回答)|因此|所以|따라서|(?:최종 )?(?:답|정답)"
    r"|(?:die )?antwort|(?:la )?réponse|donc|(?:la )?respuesta|(?:a )?resposta"
    r"|(?:la )?risposta|(?:правильный |верный )?ответ|итак|cevap|yanıt|doğrusu|đáp án|câu trả lời"
    r"|jawaban(?:nya)?|odpowiedź|(?:het )?antwoord|คำตอบ|الإجابة|الجواب|उत्तर|जवाब"
)
"""Before the answer that counts."""
CORRECTION = (
    r"wait|hold on|no[,:;-]|actually|correction|or rather|on (?:closer|second)|sorry|my mistake|instead"
    r"|nein|moment|tatsächlich|genauer gesagt"
    r"|non|attendez|en fait|plutôt|en realidad|espera|mejor dicho|na verdade|aliás|anzi|in realtà"
    r"|на самом деле|нет|вернее|точнее|hayır|aslında"
    r"|không phải|thực ra|sebenarnya|bukan|właściwie|nee|eigenlijk|不对|不對|其实|其實|实际上|更正|等等"
    r"|いや|実際|訂正|아니|사실|لا،|بل|नहीं|दरअसल|ไม่ใช่|จริงๆ"
)
"""Takes back what was said before it."""
DRAFT = (
    r"drafts?|initially|first (?:guess|thought|impression)|i (?:first |initially |had )?(?:thought"
    r"|considered|guessed|assumed)|dachte|angenommen"
    r"|j'ai (?:d'abord )?(?:cru|pensé)|je pensais|pens[eé]|creí|pensei|achei|pensavo|credevo|показалось"
    r"|думал\w?|ilk bakışta|sanmıştım|tưởng|dikira|saya kira"
    r"|myślał\w{1,2}|wydawało|dacht|以为|以為|思った|思いました|생각했|ظننت|लगा था|คิดว่า"
)
EXAMPLE = (
    r"(?:reply|answer|respond) (?:in|with|like)|for (?:example|instance)|e\.g\.|such as|something like"
    r"|in the (?:form|format)|as in|like this|zum beispiel|z\. ?b\.|par exemple|por ejemplo"
    r"|por exemplo|ad esempio|например|örneğin|ví dụ|misalnya|contohnya|na przykład|np\.|bijvoorbeeld|เช่น"
    r"|مثل|مثلا|उदाहरण|例如|比如|たとえば|例えば|예를 들어"
)
QUOTING = (
    r"you (?:asked|said|wrote)|(?:question|query|prompt|user) (?:asks?|asked|says?|mentions?|states?)"
    r"|(?:asked|asks) (?:whether|if|for)|你问|您问"
)
CONDITION = (
    r"if\b[^.;]{0,60}\b(?:were|was|had|would)|would (?:take|have|last|need)|wenn\b[^.;]{0,60}wäre|wäre\b"
    r"|si\b[^.;]{0,60}(?:était|fuera|estuviera)|serait|sería|se\b[^.;]{0,60}fosse|seria\b|sarebbe|если бы"
    r"|olsaydı|nếu|kalau|gdyby|als\b[^.;]{0,60}zou"
    r"|如果|假如|もし|만약|لو |यदि|अगर|ถ้า"
)
NEGATION = (
    r"not|n't|cannot|can ?not|unable|impossible|never|no(?! (?:seg|min|v[ií]deo|in[ií]c|fi[mn]|interv"
    r"|trecho|per[ií]odo|tempo|moment|instant|longer|doubt|matter|later)|\. ?\d| ?\d)|none|nobody|no one"
    r"|nothing|nowhere|neither|nor|nicht|kein\w{0,2}|nie|niemals|niemand|ne|n'|pas|aucune?|jamais"
    r"|nunca|ning[uú]n\w?|nadie|tampoco|não|nenhum\w?|ninguém|non|nessun\w?|mai|не|нет|ни|никто|никогда"
    r"|ничего|değil|yok|hiç|không|chưa|chẳng|tidak"
    r"|bukan|nikt|żad\w+|niet|geen|nooit|ไม่|ไม่มี|لا|لم|ليس|لن|नहीं"
)
NEGATION_JOINED = r"没有|沒有|并未|並未|未见|不在|不是|没看到|看不到|无法|無法|ない|ません|なかった|않|없|안 |못"
"""In scripts without blanks: found inside words."""
SEEN = (
    r"(?:occur|happen|appear|exist|take place|shown?|seen?|visible|present|contain|include|depict|feature"
    r"|find|found|there|match|do|does|did|is|are|was|were)\w*"
)
ABSENT_JOINED = (
    r"(?:没有|沒有|未|并未|不)(?:发生|發生|出现|出現|存在|看到)|(?:ありません|いません|見られません"
    r"|映っていません|登場しません|存在しません)|없습니다|나오지 않|않습니다|보이지 않"
)
REFUSAL_JOINED = r"抱歉|对不起|對不起|申し訳|すみません|죄송|미안|ขออภัย|ขอโทษ"
REFUSAL = (
    r"desculpe|lo siento|désolé|mi dispiace|извин\w+|простите|üzgünüm|xin lỗi|maaf|przepraszam|helaas|sorry"
    r"|es tut mir leid|leider|عذرا|آسف|क्षमा|माफ़"
)
