"""Named steps at which a test may hold a process, to break something exactly there.

Off unless `arm` was given a folder. Then a process that reaches a step for which the folder holds
`<step>.wanted` renames that file to `<step>.held.<pid>` and stands still until it is removed; the
test meanwhile kills whom it likes. One process is held for each request.
"""

import os
import time

_POLL_S = 0.005
_folder = ""


def arm(folder: str) -> None:
    """Look for requests in this folder from now on; empty: never again."""
    global _folder
    _folder = folder


def reach(step: str) -> None:
    """Stand still here if a test asked for it."""
    if _folder:
        _hold(os.path.join(_folder, step))


def _hold(path: str) -> None:
    held = f"{path}.held.{os.getpid()}"
    try:
        os.rename(f"{path}.wanted", held)
    except OSError:
        return
    while os.path.exists(held):
        time.sleep(_POLL_S)
