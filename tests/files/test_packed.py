import math

import pytest

from vtgdata.files.packed import Packed
from vtgdata.metrics.predictions.record import Prediction


def test_records_come_back_as_they_were_added():
    said = [
        Prediction(keys=("a", "b"), where="f:1", windows=((1.0, 2.5), (3.0, 4.0)), option="B"),
        Prediction(keys=("c",), where="f:2", text="from 3 to 4 \N{SNOWMAN}", saliency=(0.5, 1.0)),
        Prediction(keys=("d",), where="f:3", windows=()),
    ]
    packed = Packed(Prediction)
    for each in said:
        packed.append(each)
    assert len(packed) == 3 and list(packed) == said == packed[:] and packed[-1] == said[2] and packed == said


def test_what_is_no_number_stays_so():
    packed = Packed(Prediction)
    packed.append(Prediction(keys=("a",), where="f:1", windows=((math.nan, math.inf),)))
    ((start, end),) = packed[0].windows or ()
    assert math.isnan(start) and end == math.inf


def test_a_text_that_is_no_unicode_is_refused_and_leaves_nothing():
    packed = Packed(Prediction)
    with pytest.raises(ValueError, match="surrogates"):
        packed.append(Prediction(keys=("a",), where="f:1", text="\ud800"))
    packed.append(Prediction(keys=("b",), where="f:2"))
    assert [each.keys for each in packed] == [("b",)]
