"""What this node counts, for Prometheus; a registry of its own for each application.

Counts and durations only; labels are patterns of routes and codes, never ids.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Figures:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "yunjian_http_request_seconds",
            "Time to answer a request of HTTP.",
            ["method", "route", "status"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._uploaded = Counter(
            "yunjian_upload_bytes_total", "Bytes received by uploads.", registry=self._registry
        )
        self._uploads = Counter(
            "yunjian_uploads_total", "Uploads that ended.", ["result"], registry=self._registry
        )
        self._taken: dict[str, Gauge] = {}

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, str(status)).observe(took_s)

    def received(self, size_bytes: int) -> None:
        """Count bytes of an upload."""
        self._uploaded.inc(size_bytes)

    def upload_ended(self, result: str) -> None:
        """Count an upload by its result: stored, cancelled, or the code of its rejection."""
        self._uploads.labels(result).inc()

    def take(self, part: str, counted: Mapping[str, Any]) -> None:
        """Take over what another part of the node counts, under its name."""
        for name, value in counted.items():
            if isinstance(value, int | float):
                full = f"yunjian_{part}_{name}"
                if full not in self._taken:
                    self._taken[full] = Gauge(
                        full, f"Counted by the {part}.", registry=self._registry
                    )
                self._taken[full].set(value)

    def exposition(self) -> tuple[bytes, str]:
        """The figures in Prometheus' text format, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


FIGURES: Final = web.AppKey("figures", Figures)
