import numpy as np

from support.builders import make_answer, make_sample
from vtgdata.conversation.answer import parse
from vtgdata.plugins.scores import answer

QUESTION = make_sample(task="grounded_qa", options=("yes", "no"), answer="B")


def test_the_letter_counts_whatever_became_of_the_window():
    said = [parse(text) for text in (r"<time>[9, 3]</time> \boxed{B}", r"\boxed{A}", "B", "I do not know.")]
    assert answer.score(said, [QUESTION] * 4).tolist() == [1.0, 0.0, 1.0, 0.0]


def test_it_does_not_apply_where_no_option_is_asked():
    assert np.isnan(answer.score([make_answer((3, 9), option="B")], [make_sample()])[0])
