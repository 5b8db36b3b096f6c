"""The soak of `make soak`, for twenty seconds."""

from soak import Soak

SECONDS = 20


def test_every_trouble_under_load(figure):
    soak = Soak("soak-short", SECONDS)
    figure("\n".join(["", *soak.table()]))
    assert soak.faults == []
