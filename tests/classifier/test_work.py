import pytest

from classifier.work import empty, held

MINE, OTHER = "0123456789abcdef", "fedcba9876543210"


def test_one_run_at_a_time_is_at_work_on_the_same(tmp_path):
    with held(tmp_path, MINE) as work:
        (work / "piece").touch()
        with (
            pytest.raises(BlockingIOError, match=rf"another run is at work on .*{MINE}"),
            held(tmp_path, MINE),
        ):
            pass
        assert (work / "piece").exists()
        with held(tmp_path, OTHER):
            pass


def test_it_holds_nothing_that_was_removed_before_it_was_locked(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", lambda *_: (tmp_path / MINE).rmdir())
    with pytest.raises(BlockingIOError), held(tmp_path, MINE):
        pass


def test_a_run_that_is_through_or_fails_leaves_nothing(tmp_path):
    with held(tmp_path, MINE) as work:
        (work / "piece").touch()
    assert not work.exists()
    with pytest.raises(ValueError, match="wrong"):
        _fail(tmp_path, ValueError("wrong"))
    assert not work.exists()


def test_a_run_that_is_broken_off_leaves_what_the_next_goes_on_with(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        _fail(tmp_path, KeyboardInterrupt())
    with held(tmp_path, MINE) as work:
        assert (work / "piece").exists()


def _fail(shelf, error):
    with held(shelf, MINE) as work:
        (work / "piece").touch()
        raise error


def test_what_broken_runs_on_other_data_left_is_removed_and_no_more(tmp_path):
    (tmp_path / OTHER / "counts").mkdir(parents=True)
    (tmp_path / "somebody's own").mkdir()
    (tmp_path / "aaaaaaaaaaaaaaaa").touch()
    with held(tmp_path, "1" * 16), held(tmp_path, MINE):
        found = {path.name for path in tmp_path.iterdir()}
    assert found == {"somebody's own", "aaaaaaaaaaaaaaaa", "1" * 16, MINE}


def test_it_empties_what_it_holds(tmp_path):
    (tmp_path / "counts").mkdir()
    (tmp_path / "counts" / "piece").touch()
    (tmp_path / "epoch").touch()
    empty(tmp_path)
    assert not list(tmp_path.iterdir())
