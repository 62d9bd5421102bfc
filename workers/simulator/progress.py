"""What a run says while it goes: a bar for a person, a line every ten seconds for a log."""

import sys
from time import monotonic
from typing import Any, Final, Protocol, TextIO

from tqdm import tqdm

from workers.simulator.tally import Tally

LINE_EVERY_S: Final = 10.0
BEHIND_S: Final = 2.0  # less is the granularity of a round


class Progress(Protocol):
    """Is shown the counts now and then."""

    def show(self, tally: Tally, *, behind_s: float, trouble: str) -> None:
        """Say how far the run is; `behind_s` is how late the newest round left."""
        ...

    def close(self) -> None:
        """Leave the place to the closing line."""
        ...


class Bar:
    """A progress bar that rewrites itself."""

    def __init__(self, stream: TextIO, total: int | None) -> None:
        self._bar: Any = tqdm(total=total, unit="reading", unit_scale=True, file=stream)

    def show(self, tally: Tally, *, behind_s: float, trouble: str) -> None:
        """See `Progress`."""
        self._bar.set_postfix_str(_state(tally, behind_s, trouble), refresh=False)
        self._bar.update(tally.settled - self._bar.n)

    def close(self) -> None:
        """See `Progress`."""
        self._bar.close()


class Lines:
    """A plain line every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_s = monotonic() + LINE_EVERY_S

    def show(self, tally: Tally, *, behind_s: float, trouble: str) -> None:
        """See `Progress`."""
        if monotonic() >= self._next_s:
            self._next_s = monotonic() + LINE_EVERY_S
            state = _state(tally, behind_s, trouble)
            print(f"simulate: settled={tally.settled} {state}", file=self._stream, flush=True)

    def close(self) -> None:
        """See `Progress`."""


def _state(tally: Tally, behind_s: float, trouble: str) -> str:
    state = (
        f"accepted={tally.accepted} duplicates={tally.duplicates}"
        f" quarantined={tally.quarantined} rejected={tally.rejected}"
        f" refused={tally.refused} lost={tally.lost}"
    )
    if behind_s >= BEHIND_S:
        state += f" behind_s={behind_s:.0f}"
    return f"{state} last trouble: {trouble}" if trouble else state


def progress(*, total: int | None, stream: TextIO = sys.stderr) -> Progress:
    """Return a bar on a terminal, lines elsewhere; `total` readings where that is known."""
    return Bar(stream, total) if stream.isatty() else Lines(stream)
