"""What scripts/measure_tunnel.py makes of what Chromium tells of the line."""

from typing import Any

from scripts.measure_tunnel import Line


def asked(request: str, at: float, url: str = "http://127.0.0.1/") -> dict[str, Any]:
    return {"requestId": request, "timestamp": at, "request": {"url": url}}


def received(request: str, size: int, at: float = 0.0) -> dict[str, Any]:
    return {"requestId": request, "timestamp": at, "encodedDataLength": size}


def test_requests_are_in_series_where_one_begins_after_the_end_of_another() -> None:
    line = Line()
    for request, begun, ended in (("page", 0, 1), ("a", 1, 3), ("b", 1, 2), ("c", 2, 4)):
        line._begin(asked(request, begun))
        line._end(received(request, 10, ended))
    line._begin(asked("stream", 3))
    assert line.in_series == 3
    assert line.bytes == 40


def test_a_stream_counts_as_far_as_it_has_come_and_data_not_at_all() -> None:
    line = Line()
    line._begin(asked("stream", 0))
    line._begin(asked("sign", 0, "data:image/svg+xml,"))
    for size in (5, 7):
        line._receive(received("stream", size))
    assert line.bytes == 12
    assert [*line.begun] == ["stream"]
