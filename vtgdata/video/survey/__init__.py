"""Survey: decodes a whole video and says what is wrong with it although it opens."""

from vtgdata.video.survey.statements import belied
from vtgdata.video.survey.survey import survey

__all__ = ["belied", "survey"]
