"""The words that tell which of several windows is meant, in eighteen languages: marks, and what was asked for.

A row is a meaning, as in `answer_sayings`.
"""

CHOSEN = (
    r"(?:what|that) counts|selected|chosen|accepted|adopted|adjudicated|winner|winning|correct|keep|kept"
    r"|final(?: (?:choice|pick|answer))?"
    r"|best match|is_query|elegid[oa]|escolhid[oa]|acept[ao]d[oa]|choisie?|retenue?|gewählt|angenommen"
    r"|ausgewählt|выбрано?|принято?"
    r"|seçildi|seçilen|dipilih|terpilih|wybran[aey]|gekozen|scelt[oa]|được chọn|المختارة?|चुना गया"
)
CHECKS = "✅✓✔☑"
CHOSEN_JOINED = rf"[{CHECKS}◯○]|<-|←|\[x\]|采纳|採納|采用|選択|採用|入选|选中|最终选择|최종 선택|채택|เลือก(?!ไม่)"
"""Beside a candidate: it is the answer."""
REJECTED = (
    r"rejected|discarded|excluded|overruled|dismissed|eliminated|ruled out|runner-up|wrong(?: \w+)?"
    r"|not (?:it|this|a match)|no match|mismatch"
    r"|previously|disregard|ignore|out of date|outdated|superseded|descartad[oa]s?|rechazad[oa]s?|rejetée?s?"
    r"|écartée?s?"
    r"|verworfen|abgelehnt|ausgeschlossen|отклонено?|отброшено?|исключено?|elendi|reddedildi|ditolak"
    r"|odrzucon[aey]|verworpen|afgewezen"
    r"|scartat[oaie]|rejeitad[oa]s?|bị loại|مرفوض\w*|अस्वीकृत"
)
REJECTED_JOINED = r"[❌✗✘❎×]|\[ \]|排除|剔除|舍弃|捨弃|淘汰|划掉|劃掉|除外|却下|제외|탈락|ตัดออก"
"""Beside a candidate: it is not the answer."""
ASKED = (
    r"(?:query|question|target)(?= ?:| (?:is|was|asks?|asked|concerns|refers|wants|event|moment)\b)"
    r"|asked (?:event|moment)|(?:event|moment) (?:requested|asked)|(?:die |der )?frage|gefragt|vous demandez"
    r"|la question|la pregunta|a pergunta|chiede|la domanda|вопрос|soru|و?السؤال|प्रश्न|câu hỏi|bạn hỏi"
    r"|ditanyakan|pertanyaan\w*|pytanie|de vraag"
)
ASKED_JOINED = r"[题題]目|问题(?=[::])|問題(?=[::])|质问|質問|질문|คำถาม"
"""Speaks of what was asked for."""
ASKED_FOR = (
    r"you (?:asked|wanted|want|requested|are (?:asking|looking))(?: for| about)?|your (?:query|question)"
    r"|(?:in|of) the (?:query|question)|question is about|in question|war gefragt|wonach gefragt|de la question"
    r"|(?:lei|tu) chied\w+|вы спрашива\w+|de la pregunta|da pergunta|soru(?:lan|duğun\w*)|yang (?:anda )?tanya\w*"
)
ASKED_FOR_JOINED = r"[您你]要?[问問找]的?|所[问問]|[题題]目[问問要]|お尋ね|質問の|물어보|질문하신|ที่ถาม"
"""Calls the event beside it the one that was asked for."""
