from pathlib import Path

from flows.daily_ingest import run, summarise
from flows.readings import clean, read

SAMPLE = Path(__file__).parent.parent / "data" / "sample.csv"


def test_the_sample_passes_the_gate(capsys):
    assert run(SAMPLE) == 0
    out = capsys.readouterr().out
    assert "10 rows, 90% valid" in out
    assert "Validation failed: row 9: pm25 -1.0 is outside 0 to 1000" in out


def test_the_worst_station_comes_first():
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        readings, _ = clean(read(file))
    summary = summarise(readings)
    assert [station for station, *_ in summary] == [
        "Tha Phra Chan",
        "Rangsit",
        "Pattaya",
        "Lampang",
    ]
    assert summary[0] == ("Tha Phra Chan", 60.7, 155, "unhealthy")


def test_a_bad_file_does_not_pass(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("station,time,pm25\nRangsit,never,1\n", encoding="utf-8")
    assert run(bad) == 1
    empty = tmp_path / "empty.csv"
    empty.write_text("station,time,pm25\n", encoding="utf-8")
    assert run(empty) == 1
