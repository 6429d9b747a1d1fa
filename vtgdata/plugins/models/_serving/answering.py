"""Another model's answer is no answer, unless the user allows it."""

from collections.abc import Collection

from vtgdata.plugins.models._serving.names import same_model
from vtgdata.plugins.models._serving.said import PUBLISHED
from vtgdata.plugins.models._serving.server import Failed
from vtgdata.records import Reply


def check_name(asked: str, named: str, reply: Reply, answers_as: Collection[str]) -> None:
    """Raise Failed if another model than the one that was asked has answered, and the user allows none.

    Args:
        asked: name of the model in the request.
        named: name in the response; empty if it names none.
        reply: what it answered; its tokens may have been charged.
        answers_as: names of other models that may answer, or `*` for any.
    """
    if same_model(asked, named) or "*" in answers_as or any(same_model(ours, named) for ours in answers_as):
        return
    failed = Failed(
        "account",
        f"another model has answered: {named}"[:PUBLISHED],
        f"{named!r} has answered instead of {asked!r}",
        used=(reply.tokens_in or 0, reply.tokens_out or 0),
    )
    failed.advice = (
        f"answers as {named!r}, and was asked for {asked!r}. If these are one model, or you want that one as well, "
        f"allow it with --answers-as {named!r}; else ask for another name"
    )
    failed.of_server = True
    raise failed
