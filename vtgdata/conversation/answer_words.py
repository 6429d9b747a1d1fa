"""The words of answers, in eighteen languages: one table, from which every pattern of the parser is made.

A row is a meaning; its entries are regular expressions, matched in lower and upper case. Where a word could also be
part of another, the patterns that use the table see to its edges.
"""

SECOND_WORD = (
    r"seconds?|sekund\w{0,3}|secondes?|segundos?|secondi|secondo|секунд\w{0,3}|saniye\w{0,6}|giây|detik"
    r"|seconden|วินาที|ثاني(?:ة|تين|ه)|ثوان\w?|सेकंड|सेकेंड|सेकण्ड"
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
    r"|ao?s?|até|do|aż do|до|по|tot(?: en met)?|t/m|đến|tới|hingga|sampai|s/d|ile|ถึง|จนถึง|(?:و)?(?:إلى"
    r"|الى|حتى)|से|तक|直?到|至|から|부터|에서|ila"
)
"""Between two times: from the first to the second."""
AND = r"and|&|und|et|y|e|i|en|ve|ile|và|dan|и|et|และ|और|و|和|与|與|と|와|과|하고"
FROM = (
    r"from|between|within|in|at|during|von|ab|zwischen|entre|tra|fra|de[li]?|du|dal(?:la)?|da|des(?:de)?"
    r"|dos?|das|od|między|pomiędzy|vanaf|van|tussen|từ|trong khoảng|dari|antara|с|со|от|между|ตั้งแต่|จาก"
    r"|ระหว่าง|من|بين|arasında"
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
AFTER = r"頃|ごろ|左右|前後|쯤|경|정도|지점|mark|point|timestamp|Uhr|сек\.|lar(?:da)?|civarı(?:nda)?"
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
    r"|시작"
)
END = (
    r"wraps? up|quits?|ceases?|achève|cesse|smette|finit|para de|deja de|deixa de|cesa|término|終點|终点"
    r"|停下|停止|止ま|やめ|멈|dừng(?: lại)?|berhenti|หยุด|duruyor|durur|रुक|заканчивает|прекращает"
    r"|przestaje|stoppt|aufhört|stopt|ends?|ending|ended|finish(?:es|ed|ing)?|stops?|stopped|stopping"
    r"|(?:is |are |was )?(?:over|done|gone)(?: by)?|offset|concludes?|termina|finaliza|acaba|fin(?:al)?"
    r"|fim|fine|finisce|se termine|finit|fin|endet|ende|eindigt|einde|hört|заканчивается|кончается|конец"
    r"|окончание|bitiyor|biter|bitiş|sona eriyor|kết thúc|berakhir|selesai|kończy|koniec|จบ|สิ้นสุด|و?ينتهي"
    r"|و?تنتهي|نهاية|و?النهاية|समाप्त\w*|समाप्ति|खत्म|अंत|结束|結束|终止|止(?=:)|終了|終わ|おわ|끝|종료|until"
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

CONTRAST = (
    r"but|however|instead|sondern|aber|jedoch|mais|sino|pero|mas|porém|ma|però|но|однако|ama|fakat|ancak"
    r"|nhưng|tapi|tetapi|namun|melainkan|ale|jednak|lecz|maar|echter|لكن|ولكن|बल्कि|लेकिन"
)
BUT = rf"{CONTRAST}|only|rather|а|mà|so|and|und|y|et|и|ve|بل|पर"
BUT_JOINED = r"而是|但是|但|しかし|けれど|ではなく|하지만|그러나|아니라|지만|แต่"
REQUEST = (
    r"(?:please|could you|can you|kindly)?,? ?(?:share|provide|upload|send|give me|show me|let me know"
    r"|tell me|try|check|specify)|please (?!use|see|take|find|note)|bitte|veuillez|por favor|per favore"
    r"|пожалуйста|lütfen|vui lòng|silakan|mohon|proszę|请|請|กรุณา|يرجى|कृपया"
)
REASON = (
    r"reason(?:ing|s)?|explanation|because|note|justification|evidence|rationale|begründung|erklärung"
    r"|explication|raison|explicación|razón|motivo|spiegazione|объяснение|причина|açıklama|giải thích"
    r"|penjelasan|wyjaśnienie|uitleg|理由|原因|解释|解釋|説明|설명|이유"
)
FINAL = (
    r"final answer|my response|correct (?:span|window|answer|interval|segment)|(?:event|moment|scene"
    r"|action|part) (?:you asked(?: about| for)?|requested|in question|asked for)|evento (?:richiesto"
    r"|solicitado|pedido)|gesuchte \w+|événement demandé|искомое \w+|istenen olay|sự kiện được hỏi"
    r"|(?:kejadian|adegan) yang (?:diminta|ditanyakan)|目标动作|所问的?|質問の|질문하신|(?:my "
    r"|the )?(?:correct |right |final )?answer(?: is)?|in conclusion|conclusion|therefore|thus|hence"
    r"|so(?= ?:|,? (?:it|the))|final|正[确確]的|(?:最终|最終|正确)?(?:答案|答え|结论|結論|回答)|因此|所以"
    r"|따라서|(?:최종 )?(?:답|정답)|(?:die )?antwort|(?:la )?réponse|donc|(?:la )?respuesta"
    r"|(?:a )?resposta|(?:la )?risposta|(?:правильный |верный )?ответ|итак|cevap|yanıt|doğrusu|đáp án"
    r"|câu trả lời|jawaban(?:nya)?|odpowiedź|(?:het )?antwoord|คำตอบ|الإجابة|الجواب|उत्तर|जवाब"
)
"""Before the answer that counts."""
CORRECTION = (
    r"wait|hold on|oops|i misread|typo|espere|aguarde|o correto|lo correcto|il giusto|make that|ou plutôt"
    r"|oder eher|besser gesagt|o mejor|ou melhor|o meglio|tôi nhầm|nhầm|keliru|scratch that|edit|update"
    r"|revised?|corrected|no[,:;-]|actually|correction|or rather|on (?:closer|second)|sorry|my mistake"
    r"|instead|nein|moment|korrektur|corrections?|corrección|perdón|pardon|je me corrige|me corrijo"
    r"|mi correggo|ich korrigiere|perdona|corrigindo|correção|correzione|исправл\w+|düzeltme|wacht"
    r"|correctie|잠깐(?:만요)?|정정|訂正|tatsächlich|genauer gesagt|non|attendez|en fait|plutôt"
    r"|en realidad|espera|mejor dicho|na verdade|aliás|anzi|in realtà|на самом деле|нет|вернее|точнее"
    r"|hayır|aslında|không phải|thực ra|sebenarnya|bukan|właściwie|nee|eigenlijk|不对|不對|其实|其實"
    r"|实际上|更正|等等|いや|実際|訂正|아니|사실|لا،|بل|नहीं|दरअसल|ไม่ใช่|จริงๆ"
)
"""Takes back what was said before it."""
DRAFT = (
    r"drafts?|i (?:wrote|said|typed)|initial(?: (?:guess|estimate|answer|thought))?|rough|preliminary"
    r"|initially|first (?:guess|thought|impression)|i (?:first |initially |had )?(?:thought|considered"
    r"|guessed|assumed)|dachte|angenommen|j'ai (?:d'abord )?(?:cru|pensé)|je pensais|pens[eé]|creí|pensei"
    r"|achei|pensavo|credevo|показалось|думал\w?|ilk bakışta|sanmıştım|sandım|tưởng|nghĩ là|dikira"
    r"|saya kira|myślał\w{1,2}|wydawało|dacht|zei|以为|以為|起初|像是|思った|思いました|생각했|ظننت|लगा था"
    r"|คิดว่า"
)
EXAMPLE = (
    r"(?:reply|answer|respond) (?:in|with|like)|for (?:example|instance)|e\.g\.|such as|something like"
    r"|in the (?:form|format)|as in|like this|zum beispiel|z\. ?b\.|par exemple|por ejemplo|por exemplo"
    r"|ad esempio|например|örneğin|ví dụ|misalnya|contohnya|na przykład|np\.|bijvoorbeeld|เช่น|مثل|مثلا"
    r"|उदाहरण|例如|比如|たとえば|例えば|예를 들어"
)
QUOTING = (
    r"you (?:asked|said|wrote)(?! (?:about|for)\b)|(?:question|query|prompt|user) (?:asks?|asked|says?"
    r"|mentions?|states?)|(?:asked|asks) (?:whether|if|for)|你问|您问"
)
CONDITION = (
    r"if\b[^.;]{0,60}\b(?:were|was|had|would)|would (?:take|have|last|need)|wenn\b[^.;]{0,60}wäre|wäre\b"
    r"|si\b[^.;]{0,60}(?:était|fuera|estuviera)|serait|sería|se\b[^.;]{0,60}fosse|seria\b|sarebbe|hätte"
    r"|würde|hubiera|habría|aurait|avrebbe|avesse|teria|tivesse|если бы|olsaydı|nếu|kalau|gdyby"
    r"|als\b[^.;]{0,60}(?:zou|was|had)|如果|假如|もし|만약|لو |यदि|अगर|ถ้า"
)
NEGATION = (
    r"not|n't|cannot|can ?not|unable|impossible|never|no(?! (?:segundo|minuto|v[ií]deo|in[ií]cio|fi[mn]al"
    r"|intervalo|trecho|per[ií]odo|tempo|momento|instante|longer|doubt|matter|later)|\. ?\d| ?\d)|none"
    r"|nobody|no one|nothing|nowhere|neither|nor|nicht|kein\w{0,2}|nie|niemals|niemand|nirgend\w*|nergens"
    r"|ne|n'|pas|aucune?|jamais|nunca|ning[uú]n\w?|nadie|tampoco|não|nenhum\w?|ninguém|non|nessun\w?|mai"
    r"|не|нет|ни|никто|никогда|ничего|değil|yok|kimse|\w{2,20}m[ıiuü]yor\w{0,4}|hiç(?! şüphe)|không|chưa"
    r"|chẳng|tidak|bukan|nikt|żad\w+|niet|geen|nooit|ไม่|ไม่มี|و?(?:لا|لم|ليس|لن)|नहीं"
)
NEGATION_JOINED = (
    r"(?:没有|沒有|没|并未|並未|未见|不在|不是|没看到|看不到|无法|無法|不能|并非"
    r"|並非)(?![^,，。.!?;\n]{0,12}的)|(?:ない|(?<!すみ)ません(?:でした)?|なかった"
    r"|ありませんでした)(?=[ですの]{0,3}(?:[。.!?、,;\n ]|\Z))|(?:않|없|아니)(?=[습았었아어네]|다|에요"
    r"|예요)|(?:못|안 )[가-힣]{0,6}(?:습니다|아요|어요|다)"
)
"""In scripts without blanks: at the end of a statement, or before its verb, and not within an attribute."""
INHERITED = (
    r"żeby|że|dass|que|che|что|чтобы|rằng|bahwa|dat|that(?! is)|ni|nor|neither|either|whether|nemmeno|né"
    r"|weder|noch|sowie|nem|ani|ни|ne de|veya|または|も|或|或者|还是|還是|也|또는|hoặc|hay|atau|lub|of"
)
"""A clause that begins so shares the denial of the clause before it."""
INABILITY = (
    r"(?:must|have to|had to|need to) (?:decline|refuse)|(?:won't|will not|cannot|can't|can ?not|unable to"
    r"|not able to|not allowed to) (?:help|assist|answer|say|tell|determine|view|see|watch|access|process"
    r"|provide|identify|comply|do|give|share|judge)"
)
SEEN = (
    r"(?:occur|happen|appear|exist|take place|shown?|seen?|visible|present|contain|include|depict|feature"
    r"|find|found|there|match|do|does|did|is|are|was|were)\w*"
)
EVENT = (
    r"events?|passages?|pasaje|trecho|abschnitt|stelle|scenes?|moments?|incidents?|actions?|requested"
    r"|described|you (?:describe|mention|ask)\w*|ereignis|szene|événement|scène|moment|evento|escena|cena"
    r"|momento|incidente|scena|событи\w+|сцен\w+|момент\w*|olay|sahne|sự kiện|cảnh|kejadian|adegan"
    r"|wydarzeni\w+|scen\w+|gebeurtenis|场景|事件|动作|片段|場面|出来事|シーン|장면|사건|동작|مشهد|حدث"
    r"|الحدث|दृश्य|घटना|เหตุการณ์|ฉาก"
)
ELSE = (
    r"else\w*|later|earlier|sooner|half|part|beginning|first|opening|although|though|even if|despite"
    r"|obwohl|bien que|aunque|embora|sebbene|хотя|虽然|尽管|rağmen|mặc dù|meskipun|chociaż|hoewel|again"
    r"|other|rest|before|after|until|anymore|any more|twice|once|otherwise|sonst|weiter\w*|erneut|vorher"
    r"|danach|ailleurs|autre\w*|avant|après|otr[oa]\w?|outr[oa]\w?|altr[oie]|antes|después|depois|prima"
    r"|dopo|друг\w+|больше|ещё|потом|başka|tekrar|önce|sonra|khác|nữa|lain|lagi|inny\w*|więcej|ander\w*"
    r"|meer|其他|其它|其余|再|之前|之后|他の|ほか|以外|다른|다시|또|外"
)
NEVER = (
    r"never|nobody|no one|nowhere|at no (?:time|point|moment)|niemals|niemand|nirgend\w*|jamais|aucune?"
    r"|nulle part|nunca|jamás|nadie|ning[uú]n\w?|nenhum\w?|ninguém|mai|nessun\w?|никогда|никто|нигде|hiç"
    r"|asla|tidak pernah|nigdy|nikt|nigdzie|nooit|nergens|从未|從未|決して|절대|أبدا|कभी नहीं|ไม่เคย"
)
APPEARS = (
    r"(?:correspond|match|entspricht|coincid|vede|ocurr|aparec|suced|acontec|geschieht|passiert|gebeurt"
    r"|accad|succed|arrive|produit|происход|случа|oluy|gerçekleş|xảy ra|terjadi|zdarza|vist[oa]|sichtbar"
    r"|zu sehen|visible|видн\w+|görün\w+|terlihat|xuất hiện|occur|happen|appear|exist|take[sn]? place"
    r"|shown|visible|present|contain|include|depict|feature|find|found|there (?:is|are|was|were))\w*"
)
ABSENT_JOINED = (
    r"(?:没有|沒有|未|并未|不)(?:发生|發生|出现|出現|存在|看到)|(?:ありません|いません|見られません"
    r"|映っていません|登場しません|存在しません)|없습니다|나오지 않|않습니다|보이지 않"
)
REFUSAL_JOINED = r"抱歉|对不起|對不起|申し訳|すみません|죄송|미안|ขออภัย|ขอโทษ"
REFUSAL = (
    r"desculpe|lo siento|désolée?|mi dispiace|извин\w+|простите|üzgünüm|xin lỗi|maaf|przepraszam|helaas"
    r"|sorry|es tut mir leid|leider|عذرا|آسف|क्षमा|माफ़"
)

STEMS = {
    "unit": (
        "second sekund segund секунд saniye giây detik วินาที ثاني ثوان सेक minut минут dakika "
        "phút menit นาที دقي دقائق मिनट"
    ),
    "start": (
        "begin start anfang début inicio principio comienzo início começo inizio начала baş بداية "
        "أول शुर đầu awal początku เริ่ม ต้น 开始 开头 从头 開始 開頭 最初 冒頭 始め はじめ 시작 "
        "처음"
    ),
    "end": (
        "end fin fim schluss конца sonuna نهاية آخر अंत आखिर hết cuối akhir selesai końca einde "
        "จบ 结束 結束 结尾 結尾 末尾 最后 最後 终点 終わり 終了 ラスト 끝 마지막 over"
    ),
    "thought": (
        "think thought reason reflection analysis scratch monologue denken gedanken pens "
        "réflexion мысли 思考 생각 channel unused"
    ),
}
"""For some rows, parts of words of which a text has one if a pattern of the row can match in it: quick to look for."""
_STEMS = {row: stems.split() for row, stems in STEMS.items()}


def may_hold(text: str, row: str) -> bool:
    """Whether a row's patterns can match anywhere in a text."""
    low = text.lower()
    return any(stem in low for stem in _STEMS[row])
