"""How often and how long: the times of the watch loop in one place."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of the watch loop. Tests run it faster; users have no reason to."""

    silence_s: float = 180.0
    """A watch without a byte for this long is taken for half open and made anew."""
    log_silence_s: float = 600.0
    """The same for a log, which may have nothing to say: it is asked for again, and nothing is lost by it."""
    kubelet_log_s: float = 10.0
    """From one request for a kubelet's log to the next: it cannot be followed."""
    kubelet_logs_a_second: float = 50.0
    """Requests for kubelets' logs, of all nodes together: with more than 500 nodes each waits longer."""
    retry_s: float = 60.0
    """When a kind that is forbidden or absent is tried again."""
    backoff_s: float = 0.5
    """The first wait after a failure; doubled each time."""
    longest_backoff_s: float = 30.0
    settled_s: float = 1.0
    """A watch that lasted this long worked; one that ends sooner counts as a failure the second time."""
    page: int = 500
    """Objects per page of a list."""
    flush_s: float = 0.25
    """How long a row may wait before it is made durable."""
    disk_retry_s: float = 2.0
    """When a disk that refused (full) is tried again."""
    rotate_s: float = 600.0
    """A journal this old is sealed."""

    @property
    def proving_timeout_s(self) -> int:
        """For streams without bookmarks: the server ends their watch well before silence would look like a fault."""
        return max(1, int(self.silence_s * 0.9))

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, with jitter so that streams do not come back in step."""
        wait = min(self.longest_backoff_s, self.backoff_s * 2.0 ** min(failures, 16))
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not cryptography
