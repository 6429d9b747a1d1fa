"""The words by which a text judges its own windows, in eighteen languages: denials, drafts, corrections, refusals.

A row is a meaning; its entries are regular expressions, matched in lower and upper case. `answer_words` has the words
of times.
"""

CONTRAST = (
    r"but|however|instead|sondern|aber|jedoch|mais|sino|pero|mas|porém|ma|però|но|однако|ama|fakat|ancak"
    r"|nhưng|tapi|tetapi|namun|melainkan|ale|jednak|lecz|maar|echter|لكن|ولكن|बल्कि|लेकिन"
)
BUT = rf"{CONTRAST}|only|rather|а|mà|so|and|und|y|et|(?<!так )и|ve|بل|पर"
BUT_JOINED = r"(?<=[るんすたい])が(?=,)|而是|但是|但|しかし|けれど|ではなく|하지만|그러나|아니라|지만|แต่"
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
    r"(?!had )[a-z]{2,20},? (?:that |which )?you (?:asked|mention|describ|request|want|look)\w*(?: about| for)?"
    r"(?! (?:would|does|did|do|never|is not))"
    r"|your (?:question|query) (?:is about|asks about)|zooming in|localize the event|but only|"
    r"(?:which|that) leaves|leaving|(?:i|we)(?:'ll| will|'d| would)? (?:choose|chose|pick|picked|select"
    r"|selected|go with|settle on)"
    r"|(?:nehme|wähle) ich|ich (?:nehme|wähle)|je (?:choisis|retiens)|elijo|escolho|scelgo|выбираю|seçiyorum|tôi chọn"
    r"|saya (?:memilih|pilih)|wybieram|ik kies|我[选選]|選びます|선택합니다|أختار|चुनता|चुनती|final answer|my response"
    r"|correct (?:span|window|answer|interval|segment)|(?:event|moment|scene"
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
FINALLY = (
    r"final(?:ly)?(?: (?:answer|answers|result|results|response|version|windows)\b|(?=\W*(?:\Z|\n)))|corrected"
    r"|revised|definitive"
    r"|endgültig\w*|korrigiert\w*|réponse finale|définiti\w+|corrigée?s?|respuesta final|resposta final"
    r"|risposta finale"
    r"|corregid\w+|corrigid\w+|corrett[aei]\b|окончательн\w+|исправленн\w+|nihai|düzeltilmiş|đáp án cuối cùng"
    r"|jawaban akhir|ostateczn\w+|definitief|最终|最終|修正\w*|更正\w*|최종|النهائي\w*|अंतिम उत्तर"
)
"""Before the answer that replaces those before it."""
ANSWERS = (
    r"réponses?|antwort(?:en)?|respuestas?|respostas?|rispost[ae]|ответы?|cevap|yanıt|đáp_án|câu_trả_lời"
    r"|jawaban|odpowied[źz]i?"
    r"|antwoord|คำตอบ|الإجابة|उत्तर|答案|答え|回答|정답|답변?|答|intervalle?|intervallo|intervalo|segmento|fenster|zeitraum"
)
"""A key, or a heading, for the answer."""
CORRECTION = (
    r"wait|hold on|oops|i misread|i mixed|errat(?:um|a)|(?:should|must) (?:read|be)|i mean|i meant"
    r"|to be (?:more )?(?:exact|precise)"
    r"|more (?:exactly|precisely)|precisely|genauer|plus précisément|más exactamente|mais precisamente"
    r"|più precisamente"
    r"|daha doğrusu|chính xác hơn|lebih tepatnya|dokładniej|nauwkeuriger"
    r"|更[准準]确|[准準]确地?[说說]|正確に(?:は|言)|더 정확히|بشكل أدق"
    r"|typo|espere|aguarde|o correto|lo correcto|il giusto|make that|ou plutôt"
    r"|oder eher|besser gesagt|o mejor|ou melhor|o meglio|tôi nhầm|nhầm|keliru|scratch that|edit|update"
    r"|revised?|corrected|no[,:;-]|actually|correction|or rather|on (?:closer|second)|sorry|my mistake"
    r"|instead|nein|moment|korrektur|corrections?|corrección|perdón|pardon|je me corrige|me corrijo"
    r"|mi correggo|ich korrigiere|perdona|corrigindo|correção|correzione|исправл\w+|düzeltme|wacht"
    r"|correctie|잠깐(?:만요)?|정정|訂正|tatsächlich|genauer gesagt|non|attendez|en fait|plutôt"
    r"|en realidad|espera|mejor dicho|na verdade|aliás|anzi|in realtà|на самом деле|нет|вернее|точнее"
    r"|hayır|aslında|không phải|thực ra|sebenarnya|bukan|właściwie|nee|eigenlijk|不对|不對|其实|其實"
    r"|quatsch|unsinn|que dis-je|digo|(?:of )?liever gezegd|a właściwie|à bien y regarder|bei genauerem \w+"
    r"|细看|細看|もとい"
    r"|实际上|更正|等等|いや|実際|訂正|아니|사실|لا،|بل|नहीं|दरअसल|ไม่ใช่|จริงๆ"
)
"""Takes back what was said before it."""
WRONG = (
    r"(?:did|do|does)(?:n't| not) count|"
    r"(?:was|is|were|are) (?:wrong|incorrect|mistaken|a mistake|an error|a typo|not right|not counted"
    r"|not what|not correct|off)"
    r"|c'était une erreur|(?:est|était) (?:fausse?|erronée?|incorrecte?)|(?:ist|war|sind|waren) (?:falsch"
    r"|fehlerhaft|ein fehler"
    r"|ein irrtum)|(?:era|es|fue|estaba) (?:un error|incorrect[oa]|erróne[oa])|(?:estava|está|era"
    r"|foi) (?:errad[oa]|um erro"
    r"|incorret[oa])|(?:era|è) (?:sbagliat[oa]|errat[oa]|un errore)|(?:было|был|была|были) (?:ошиб\w+"
    r"|неверн\w+)|ошибочн\w+|это ошибка"
    r"|hatalı\w*|yanlıştı\w*|yanlış(?= ?[.,;])|là sai|bị sai|(?:adalah )?salah|keliru|(?:był[oay]?|jest) błędn\w+"
    r"|(?:was|is) (?:fout|verkeerd|onjuist)|خطأ|خاطئ\w*|ग़?लत (?:था|थी|है)"
)
"""After a window: it is taken back."""
WRONG_JOINED = (
    r"有误|有誤|(?:是|说|說|写|寫)错|錯了|错了(?![^\s,.;!?)])|是錯誤|是错误|間違|誤りで|틀렸|잘못(?:됐|되|입)|ผิดพลาด"
)
THERE = (
    r"there(?! (?:is|are|was|were)\b)|in it|dort|darin|là|allí|ahí|lá|aí|lì|там|orada|ở đó|di sana|tam|daar"
    r"|那里|そこ|거기"
)
"""In the window before, and not in the video."""
MERELY = (
    r"only|merely|just|nur|bloß|lediglich|einfach|seulement|juste|simplement|solo|solamente|simplemente|soltanto"
    r"|semplicemente|apenas|somente|simplesmente|только|лишь|просто|sadece|yalnızca|chỉ|hanya|tylko|jedynie"
    r"|po prostu|slechts"
    r"|alleen|gewoon|只是|只|仅|だけ|만"
)
"""In a window, something else than the event, of which it was said that it never happens."""
INSTEAD_OF = (
    r"与其说是?|與其說是?|rather than|instead of|(?:an)?statt|plutôt que|au lieu de|en (?:lugar|vez) de|em vez de"
    r"|invece d[ei]"
    r"|вместо|thay vì"
    r"|alih-alih|zamiast|in plaats van"
)
"""Before a window that another takes the place of."""
OTHER_CLOCK = (
    r"(?:according to|on) the [^.;,\n]{0,20}clock|countdown|(?:clock|watch|timer|ticker|scoreboard)\b[^.;,\n\d]{0,25}"
    r" (?:shows?|reads?|goes|says|counts)|挂钟|時計|시계"
)
"""Before a window on a clock that the video shows."""
POINTING = (
    r"that|this|it|c'|cela|ça|das|dies|eso|esto|isso|isto|questo|ciò|это|bu|đó|điều|itu|ini|to|dat"
    r"|这|這|那|これ|それ|이는|그것"
)
"""Begins a sentence about the window before it."""
DRAFT = (
    r"drafts?|i (?:wrote|said|typed)|initial(?: (?:guess|estimate|answer|thought))?|rough|preliminary"
    r"|initially|first (?:guess|thought|impression)|i (?:first |initially |had )?(?:thought|considered"
    r"|guessed|assumed)|dachte|angenommen|j'ai (?:d'abord )?(?:cru|pensé)|je pensais|pens[eé]|creí|pensei"
    r"|achei|pensavo|credevo|показалось|казалось|думал\w?|ilk bakışta|sanmıştım|sandım|tưởng|nghĩ là|dikira"
    r"|at (?:first|initial) (?:glance|sight|look)|(?:it )?looks as (?:though|if)|one would (?:say|think)|tippte"
    r"|auf den ersten blick"
    r"|je croyais|à première vue|a primera vista|à primeira vista|a prima vista|на первый взгляд|sekilas"
    r"|na pierwszy rzut oka"
    r"|op het eerste gezicht|thoạt nhìn|semula"
    r"|saya kira|myślał\w{1,2}|wydawało|dacht|zei|以为|以為|起初|像是|思った|思いました|생각했|ظننت|लगा था"
    r"|คิดว่า"
)
DRAFT_JOINED = r"乍一看|初看|一?开始以为|原本?以[为為]|还以为|かと思|と思いき|一見|줄 알았|언뜻 보|ตอนแรก"
EXAMPLE = (
    r"(?<!my )(?<!the )(?:reply|answer|respond) (?:in|with|like)|for (?:example|instance)|e\.g\.|such as|something like"
    r"|in the (?:form|format)|as in|like this|zum beispiel|z\. ?b\.|par exemple|por ejemplo|por exemplo"
    r"|ad esempio|например|örneğin|ví dụ|misalnya|contohnya|na przykład|np\.|bijvoorbeeld|เช่น|مثل|مثلا"
    r"|उदाहरण|例如|比如|たとえば|例えば|예를 들어"
)
QUOTING = (
    r"i(?:'ll|'m going to| will| shall| need to)? (?:first |now |next )?(?:sample|scan|search|examine|inspect|zoom)\b"
    r"|you (?:asked|said|wrote)(?! (?:about|for)\b)|(?:question|query|prompt|user) (?:asks?|asked|says?"
    r"|mentions?|states?)|you asked for the (?:moment|part|segment|window|interval|span|time)\b"
    r"|(?<=\w )(?<!you )(?:asked|asks) (?:whether|if|for)|in between(?=,)|你问|您问"
)
CONDITION = (
    r"if\b[^.;]{0,60}\b(?:were|was|had|would)|had (?:you|it|they)|(?:would|'d) have (?:said|answered|given|been)"
    r"|would (?:take|have|last|need|be (?:easy|tempting|wrong|natural))"
    r"|wenn\b[^.;]{0,60}wäre|wäre\b"
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
    r"|momento|incidente|scena|событи\w+|сцен\w+|момент\w*|olay|sahne|bir an|sự kiện|cảnh|kejadian|adegan"
    r"|wydarzeni\w+|scen\w+|gebeurtenis|场景|事件|动作|片段|場面|出来事|シーン|장면|사건|동작|مشهد|حدث"
    r"|الحدث|दृश्य|घटना|เหตุการณ์|ฉาก"
)
ELSE = (
    r"outset|initial\w*|anfangs|repeat\w*|wiederhol\w*|répèt\w*|repit\w*|repet\w*|ripet\w*|повтор\w*|lặp lại"
    r"|terulang|powtarza"
    r"|herhaal\w*|else\w*|later|earlier|sooner|half|part|beginning|first|opening|although|though|even if|despite"
    r"|obwohl|bien que|aunque|embora|sebbene|хотя|虽然|尽管|rağmen|mặc dù|meskipun|chociaż|hoewel|again"
    r"|other|rest|before|after|until|anymore|any more|twice|once|otherwise|sonst|weiter\w*|erneut|vorher"
    r"|danach|ailleurs|autre\w*|avant|après|otr[oa]\w?|outr[oa]\w?|altr[oie]|antes|después|depois|prima"
    r"|dopo|друг\w+|больше|ещё|потом|başka|tekrar|önce|sonra|khác|nữa|lain|lagi|inny\w*|więcej|ander\w*"
    r"|meer|其他|其它|其余|再|之前|之后|他の|ほか|以外|다른|다시|또|外"
)
NEVER = (
    r"(?:né|ni|nor|noch|ani|nem) (?:allora|then|alors|entonces|damals|afterwards?|later|then|dopo|après|después|depois"
    r"|danach|potem|sonra)|hiçbir an"
    r"|never|nobody|no one|nowhere|at no (?:time|point|moment)|niemals|niemand|nirgend\w*|jamais|aucune?"
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
    r"(?:没有|沒有|未|并未|不)(?:发生|發生|出现|出現|存在|看到)|(?:ありません|(?<!ござ)いません|見られません"
    r"|映っていません|登場しません|存在しません)|없습니다|나오지 않|않습니다|보이지 않"
)
INABLE = (
    r"(?:ich (?:kann|darf|werde)|(?:kann|darf|werde) ich)\b[^.;!?\n]{0,80}\b(?:nicht|keine?\w?)|je ne (?:peux"
    r"|saurais|suis|vais)"
    r"|je refuse|no (?:puedo|estoy|soy capaz|me es posible|voy a)|não (?:posso|consigo|estou|vou)|non (?:posso"
    r"|riesco|rispondo"
    r"|indicherò|mi è possibile|sono in grado)|не (?:могу|имею|умею|вправе|буду|в состоянии)|отказываюсь"
    r"|\w{2,20}(?:amam|emem|amıyorum|emiyorum|mayacağım|meyeceğim)|không thể|tôi từ chối|saya ta?(?:k"
    r"|idak) (?:bisa|dapat|mampu)"
    r"|nie (?:mogę|jestem w stanie|potrafię|będę)|ik (?:kan|mag|zal)\b[^.;!?\n]{0,80}\b(?:niet|geen)|ไม่สามารถ"
    r"|لا (?:أستطيع|استطيع"
    r"|يمكنني)|नहीं (?:\S{1,12} )?(?:सकता|सकती)"
)
"""The speaker cannot or will not, in other languages than English."""
INABLE_JOINED = r"无法|無法|不能(?!说)|(?:でき|出来)ません|できかね|(?:할|볼|드릴|답할) 수 없"
FINDING = (
    r"find\w*|locate\w*|trouver|encontrar|hallar|localizar|trovare|найти|обнаружить|bul\w+|tìm\w*|menemukan"
    r"|znaleźć|vinden"
    r"|العثور|إيجاد|أجد"
)
"""What was looked for and not found is absent, and nothing is refused."""
FINDING_JOINED = r"找到|找出|发现|發現|見つ|찾|พบ|หาเจอ|ढूंढ|खोज"
REFUSAL_JOINED = r"抱歉|对不起|對不起|申し訳|すみません|죄송|미안|ขออภัย|ขอโทษ"
REFUSAL = (
    r"desculpe|lo siento|désolée?|mi dispiace|извин\w+|простите|üzgünüm|xin lỗi|maaf|przepraszam|helaas"
    r"|sorry|es tut mir leid|leider|عذرا|آسف|क्षमा|माफ़"
)
MERELY_JOINED = r"只是|仅仅|僅僅|にすぎ|に過ぎ|だけで|뿐"
"""After a window: it is merely something else."""
NO_DOUBT = (
    r"(?:there is |there's )?no doubt|(?:i )?(?:have|had) no doubts?|ohne (?:jeden )?zweifel|kein(?:en)? zweifel"
    r"|(?:sans )?aucun doute"
    r"|nul doute|sin (?:ninguna )?duda|no hay duda|sem dúvida|não há dúvida|senza (?:alcun )?dubbio"
    r"|non c'è dubbio|нет сомнений"
    r"|без сомнени\w|hiç şüphe\w* yok|không (?:còn )?nghi ngờ|tidak diragukan|bez wątpienia|geen twijfel"
    r"|(?:لا|بلا|من دون) شك|कोई शक नहीं"
)
NO_DOUBT_JOINED = r"毫无疑问|毫無疑問|没有疑问|間違いなく|間違いありません|의심의 여지|ไม่เป็นไร|ไม่ต้องสงสัย"
"""Words of denial that deny nothing of a window."""
RELATIVE = (
    r"which|where|who|whom|when|der|die|das|dem|den|où|qui|que|donde|onde|cui|dove|котор\w+|где|którym?|gdzie"
    r"|waarin|waar|mà|yang"
)
"""Begins a clause that describes the event, and may deny something of it."""
SHOWN = (
    r"(?:is|are|can be) (?:shown|seen|visible)|occurs?|happens?|takes? place|vai|reicht|erstreckt sich|se ve|si vede"
    r"|se passe|идёт|идет"
)
"""The verb of a clause that says where a window lies."""
WHETHER = r"whether|if|si|se|ob|ли|eğer|liệu|apakah|czy|是否"
"""Begins a clause that leaves open what it says."""
