import pytest

from flows.index import index


@pytest.mark.parametrize(
    ("pm25", "expected"),
    [
        (0, (0, "good")),
        (9.0, (50, "good")),
        (9.05, (50, "good")),
        (9.1, (51, "moderate")),
        (35.4, (100, "moderate")),
        (40, (112, "unhealthy for sensitive groups")),
        (125.4, (200, "unhealthy")),
        (225.4, (300, "very unhealthy")),
        (900, (500, "hazardous")),
    ],
)
def test_index(pm25, expected):
    assert index(pm25) == expected
