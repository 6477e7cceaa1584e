import csv
import json
import math

import pytest

from classifier.dataset import Corpus
from classifier.examples import Examples
from classifier.reading import DataError

HEADER = "id,text,dehumanising,hateful,spam,target_group,split,source\n"


@pytest.fixture
def ours(tmp_path):
    """A training_data directory with one set, one annotation and two comments."""
    (tmp_path / "seed").mkdir()
    (tmp_path / "sources.toml").write_text(
        '[annotations]\nfiles = ["annotations.csv"]\n[seed]\nweight = 6.0\n'
        '[contrast]\nweight = 1.0\ndev = 2\n[sets.news]\nweight = 2.0\nignore = ["spam"]\n'
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "slots.toml").write_text('G = ["one", "two"]\n')
    (tmp_path / "annotations.csv").write_text("id,dehumanising\nn1,1\nn2,u\n")
    lines = [{"id": name, "text": f"{name} is here", "spam": 1, "pair": "p"} for name in "ab"]
    (tmp_path / "seed" / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def write_news(ours, *records):
    public = ours / "public"
    public.mkdir()
    (public / "news.csv").write_text(HEADER + "".join(f"{record}\n" for record in records))
    return public


def test_it_reads_sets_seed_and_annotations(ours):
    public = write_news(ours, "n1,one,0,1,1,,,", "n2,two,0,,0,,,", "n3,three,0,0,,,,")
    corpus = Corpus(ours, public)
    found = Examples.of(corpus)
    by_id = {row.id: row for row in found.rows}
    assert by_id["n1"].labels[:2] == (1.0, 1.0)
    assert [math.isnan(value) for value in by_id["n2"].labels] == [True, True, True]
    assert by_id["n3"].labels[:2] == (0.0, 0.0)
    assert by_id["a"].labels[2] == 1.0
    assert found.weights[:, 0].tolist() == [6, 6, 2, 2, 2]
    assert {"own.jsonl", "news.csv", "annotations.csv", "slots.toml"} < set(corpus.digests())


def test_it_tells_files_of_one_name_apart(ours):
    paths = [ours / name / "decisions.jsonl" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps({"id": 1, "text": f"{path}"}))
    first, second = (Corpus(ours, None, [path]).digests()["decisions.jsonl"] for path in paths)
    both = Corpus(ours, None, paths).digests()
    assert (both["decisions.jsonl"], both["decisions.jsonl (another)"]) == (first, second)


def test_it_works_without_public_sets(ours):
    assert [example.row.id for example in Corpus(ours)] == ["a", "b"]


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ("n1,one,2,0,0,,,", r"news\.csv:2: dehumanising is '2'; write 0, 1"),
        ("n1,one,nan,0,0,,,", r"news\.csv:2: dehumanising is 'nan'"),
        ("n1,one", r"news\.csv:2: 8 columns expected"),
        ("n1,one,0,0,0,,,,extra", r"news\.csv:2: 8 columns expected"),
    ],
)
def test_it_names_the_line_of_a_bad_record(ours, record, complaint):
    with pytest.raises(DataError, match=complaint):
        list(Corpus(ours, write_news(ours, record)))


def test_it_names_the_line_of_a_field_that_is_too_long(ours):
    before = csv.field_size_limit(100)
    try:
        with pytest.raises(DataError, match=r"news\.csv:2: field larger than field limit"):
            list(Corpus(ours, write_news(ours, "n1," + "x" * 101 + ",0,0,0,,,")))
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("name", ["public/news.csv", "decisions.jsonl", "annotations.csv"])
def test_it_names_the_line_that_is_not_utf_8(ours, name):
    public, decisions = write_news(ours), ours / "decisions.jsonl"
    decisions.write_text('{"id": 0, "text": "fine"}\n')
    with (ours / name).open("ab") as file:
        file.write('"ça va"'.encode("latin-1"))
    line = len((ours / name).read_bytes().splitlines())
    with pytest.raises(DataError, match=rf"{name}:{line}: not UTF-8; save the file in that encoding"):
        list(Corpus(ours, public, [decisions]))


def test_it_reads_what_excel_saved(ours):
    """A mark comes before the first line."""
    public, decisions = write_news(ours, "n1,one,0,1,1,,,"), ours / "decisions.jsonl"
    decisions.write_text('{"id": "d", "text": "fine"}\n')
    for path in (public / "news.csv", decisions, ours / "annotations.csv"):
        path.write_text("\ufeff" + path.read_text())
    labels = {example.row.id: example.row.labels[0] for example in Corpus(ours, public, [decisions])}
    assert labels["n1"] == 1.0
    assert "d" in labels


def test_it_names_the_column_that_annotations_lack(ours):
    (ours / "annotations.csv").write_text("name,dehumanising\nn1,1\n")
    with pytest.raises(DataError, match=r"annotations\.csv:1: no column id"):
        list(Corpus(ours))


def test_it_names_missing_columns(ours):
    public = ours / "public"
    public.mkdir()
    (public / "news.csv").write_text("id,comment\n1,x\n")
    with pytest.raises(DataError, match=r"news\.csv:1: no column text, dehumanising, hateful, spam"):
        list(Corpus(ours, public))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not a JSON object"),
        ("[" * 100_000, "nested too deeply; an object with id and text"),
        ("[]", "an object with id and text"),
        ('{"id": 1, "text": null}', "an object with id and text"),
        ('{"id": 1, "text": "x", "spam": NaN}', "spam is 'nan'"),
        ('{"id": 1, "text": "x", "spam": 0.5}', "spam is '0.5'"),
    ],
)
def test_it_names_the_line_of_a_bad_comment(ours, line, complaint):
    decisions = ours / "decisions.jsonl"
    decisions.write_text('{"id": 0, "text": "fine", "spam": 0}\n' + line + "\n")
    with pytest.raises(DataError, match=rf"decisions\.jsonl:2: {complaint}"):
        list(Corpus(ours, None, [decisions]))


def test_it_skips_blank_lines(ours):
    decisions = ours / "decisions.jsonl"
    decisions.write_text('\n{"id": "d", "text": "fine"}\n  \n{"id": "e", "text": "fine, too"}\n\n')
    assert [example.row.id for example in Corpus(ours, None, [decisions])] == ["a", "b", "d", "e"]


def test_it_spells_out_templates_as_minimal_sets(ours):
    (ours / "templates" / "own.txt").write_text(
        "d All {G} are rats.\n- No {G} are rats.\n\n- Hm.\n- Nothing else.\n"
    )
    rows = [example.row for example in Corpus(ours) if example.row.pair != "p" and not example.made]
    found = {row.document.text.lower(): (row.labels[0], row.pair) for row in rows}
    assert found["nothing else."] == (0.0, "own-1")
    assert {pair for label, pair in found.values() if label} == {"own-0"}


def test_what_is_given_is_all_that_is_not_made(ours):
    (ours / "templates" / "own.txt").write_text("d All {G} are rats.\n- No {G} are rats.\n")
    corpus = Corpus(ours)
    given = [example.row.document.text for example in corpus.given()]
    assert given == [example.row.document.text for example in corpus if not example.made]
    assert len(given) < len(list(corpus))
