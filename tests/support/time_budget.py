"""A default suite that does not grow with the number of plug-ins: what one of them more takes, the others give.

`make deep` tries each as often as ever.
"""

from hypothesis import settings


def shared(most: int, before: int, plugins: int) -> int:
    """How often each of some plug-ins is tried: `most` times in `make deep`, else as often in all as `before` were.

    Args: most: tries of each; before: number of plug-ins when that number was chosen; plugins: number of them now.
    """
    return most if settings().max_examples > 200 else min(most, max(1, most * before // plugins))
