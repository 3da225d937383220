"""Progress of a transfer in one line: bytes, rate, and what did not have to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecr_publish.model.events import How, Transferred
from ecr_publish.report.size import human

SETTLED = 1.0  # seconds, before which a rate says nothing


@dataclass
class Moving:
    """What is known of one image's blobs. `began` is in seconds, on the clock that `line` is given."""

    began: float
    _blobs: dict[str, Transferred] = field(default_factory=dict)

    def add(self, moved: Transferred) -> None:
        """The latest of a blob. One that went ahead of its image was brought, though the push finds it there."""
        before = self._blobs.get(moved.what)
        if moved.how is How.THERE and before is not None and before.done == before.total:
            return
        self._blobs[moved.what] = moved

    def line(self, now: float) -> str:
        """`12.3 MB of 150.0 MB sent (4.1 MB/s); blobs 3 mounted, 5 there already`."""
        sent = [each for each in self._blobs.values() if each.how is How.SENT]
        done, total = sum(each.done for each in sent), sum(each.total for each in sent)
        rate = f" ({human(round(done / (now - self.began)))}/s)" if done and now - self.began >= SETTLED else ""
        counts = ((how, sum(each.how is how for each in self._blobs.values())) for how in (How.MOUNTED, How.THERE))
        spared = ", ".join(f"{count} {how}" for how, count in counts if count)
        return f"{human(done)} of {human(total)} sent{rate}" + (f"; blobs {spared}" if spared else "")
