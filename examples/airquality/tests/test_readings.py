import pytest

from flows.readings import Invalid, clean, parse


def row(station="Rangsit", time="2025-01-15T00:00:00+07:00", pm25="12.5"):
    return {"station": station, "time": time, "pm25": pm25}


def test_a_reading():
    reading = parse(row())
    assert (reading.station, reading.pm25) == ("Rangsit", 12.5)
    assert reading.at.utcoffset().total_seconds() == 7 * 3600


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"station": " "}, "no station"),
        ({"time": "yesterday"}, "ISO 8601"),
        ({"pm25": "high"}, "no number"),
        ({"pm25": "-1"}, "outside 0 to 1000"),
        ({"pm25": "1001"}, "outside 0 to 1000"),
        ({"pm25": "nan"}, "outside"),
    ],
)
def test_what_is_no_reading(wrong, why):
    with pytest.raises(Invalid, match=why):
        parse(row(**wrong))


def test_clean_drops_repetitions_and_tells_of_problems():
    readings, problems = clean([row(), row(), row(pm25="x"), row(station="Lampang")])
    assert [r.station for r in readings] == ["Rangsit", "Lampang"]
    assert problems == ["row 3: pm25 'x' is no number"]
