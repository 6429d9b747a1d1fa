"""Control tokens of models, known by their form."""

import pytest

from vtgdata.conversation.controls import broken, control_tokens, for_server
from vtgdata.records import Image, Message, Text

_TOKENS = """
<|im_start|> <|im_end|> <|endoftext|> <|vision_start|> <|image_pad|> <|video_pad|> <|begin_of_text|> <|eot_id|>
<|start_header_id|> <|user|> <|assistant|> <|observation|> <|fim_prefix|> <|reserved_special_token_7|> <|image_1|>
<image> <video> <image_1> <s> </s> <bos> <eos> <pad> <unk> <mask> <start_of_turn> <end_of_turn> <start_of_image>
<image_soft_token> <end_of_utterance> <fake_token_around_image> <row_1_col_2> <global-img> <IMG_CONTEXT> <img> </img>
<tool_call> </tool_call> <think> </think> [INST] [/INST] [IMG] [IMG_END] [gMASK] [TOOL_CALLS] <<SYS>> <0x0A> <unused94>
<extra_id_0> <｜User｜> <｜end▁of▁sentence｜> ◁think▷ ◁/think▷
"""
_WORDS = "a <b>bold</b> man; [laughs] [MUSIC] <claps> x<y and y>x; 3 < 5 > 2; <http://a.b>; i <3 you; [1] [a.b]; <<a>>"


@pytest.mark.parametrize("token", _TOKENS.split())
def test_a_control_token_is_known_and_broken(token):
    text, (repair,) = broken(f"a sign {token} falls")
    assert text == f"a sign {token[0]} {token[1:]} falls" and not control_tokens(text)
    assert (repair.code, repair.old, repair.new) == ("control_token", token, f"{token[0]} {token[1:]}")


@pytest.mark.parametrize("word", _WORDS.split())
def test_ordinary_words_stay(word):
    assert broken(word) == (word, [])


def test_only_the_words_of_the_sample_are_touched():
    prompt = Text("Say <answer>, of <image>.", ((17, 24),))
    sent = for_server(Message("user", (prompt, Image(b"", 0.0))))
    assert [getattr(part, "text", None) for part in sent.parts] == ["Say <answer>, of < image>.", None]
    own = Message("user", (Text("Think inside <think></think>, then <answer>.", ()),))
    assert for_server(own) is own
