"""Recorded sets with something wrong in them: every file and song is named, in one line, and none is taken as it is."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest
import soundfile
from dataset_trees import RATE, sound

from stages.pipeline.errors import InputError
from stages.pipeline.params import Recorded
from stages.stems.catalogue import recorded_songs
from stages.stems.datasets import SourceFile, data_set
from stages.stems.datasets.reading import read_part
from stages.stems.datasets.validation import validate, write_index


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("second/drums/snare.flac", "second/drums/snare.wav: expected a name of its own, snare.flac has the same"),
        ("second/drums/take.mp3", "second/drums/take.mp3: expected .wav or .flac"),
        ("third/bass.OGG", "third/bass.OGG: expected .wav or .flac"),
        ("third/drums.wav", "third: expected one file drums.wav, or a folder drums, found drums.flac, drums.wav"),
        ("third/Drums.wav", "third: expected one file drums.wav, or a folder drums, found Drums.wav, drums.flac"),
        ("third/bass.wav.part", "third/bass.wav.part: expected .wav or .flac"),
        ("third/bass.webm", "third/bass.webm: expected .wav or .flac"),
        ("second/vocals/more/lead.wav", "second/vocals/more: expected .wav or .flac"),
        ("third/guitar.wav", "third/guitar.wav: expected the name of a class (vocals, bass, drums, other) or mixture"),
        ("third/lead vocals.mp3", "third/lead vocals.mp3: expected the name of a class"),
        ("third/guitars/left.flac", "third/guitars/left.flac: expected audio in the song's folder, or in one named"),
        ("stray.mp3", "stray.mp3: expected a folder for each song"),
        (".38 Special/drums.wav", ".38 Special: expected no audio in a hidden folder"),
        ("third/stems/all/bass.wav", "third/stems/all/bass.wav: expected audio in the song's folder, or in one named"),
    ],
)
def test_a_file_that_would_be_silence_or_replace_another_is_one_line(added, message, copy):
    root = copy("folder")
    (root / added).parent.mkdir(parents=True, exist_ok=True)
    (root / added).touch()
    assert re.fullmatch(f"{re.escape(f'{root}/{message}')}[^\n]*", problem("folder", root))


def test_what_is_no_stem_is_passed_over(copy):
    root = copy("folder")
    before = data_set("folder").recordings(root)
    for name in (
        "._drums.wav",
        "mixture.wav",
        "Mix.mp3",
        "cover.jpg",
        "notes/lyrics.txt",
        "midi/bass.mid",
        "old/.trash/a.wav",
        "drums.flac.asd",
        "drums.txt",
        "../.cache/thumbnail.png",
        "../._stray.wav",
        "../readme.txt",
    ):
        (root / "third" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "third" / name).touch()
    (root / "second/drums/._snare.wav").touch()
    assert data_set("folder").recordings(root) == before
    (root / "third/drums.flac").rename(root / "third/Drums.FLAC")
    assert {source.cls for source in data_set("folder").recordings(root)[2].sources} == {"vocals", "drums", "other"}


def test_bad_songs_are_all_listed_and_can_be_excluded(copy):
    root = copy("folder")
    (root / "bad 1").mkdir()
    bad = [f"{root}/bad 2/{name}" for name in ("bass.wav", "drums/kick.mp3", "guitar.wav", "keys.wav")]
    for path in bad:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(b"no audio")
    report = validate("folder", root)
    assert report.songs == 5 and report.missing == []
    assert [line.split(": ")[0] for line in report.damaged] == [f"{root}/bad 1", *bad]
    with pytest.raises(InputError, match=f"^{root}/bad 1: .*; and 3 more problems, tools/validate_data.py lists them$"):
        recorded_songs("test", Recorded(source="folder", root=str(root)), 8000)
    assert len(recorded_songs("test", Recorded(source="folder", root=str(root), exclude=["bad 1", "bad 2"]), 8000)) == 3
    with pytest.raises(InputError, match=f"^{root}/bad 1: "):
        write_index("folder", root, root.parent / "index.json")


def test_names_that_would_be_one_file_stop_the_build(copy):
    root = copy("folder")
    shutil.copytree(root / "second", root / "second...")
    chosen = Recorded(source="folder", root=str(root))
    message = f"^{root}: expected names that differ, 'second' and 'second...' would both be 'second': rename one$"
    with pytest.raises(InputError, match=message):
        recorded_songs("test", chosen, 8000)
    assert len(recorded_songs("test", chosen.model_copy(update={"exclude": ["second..."]}), 8000)) == 3
    shutil.rmtree(root / "second...")
    (root / "second/drums/snare.wav").rename(root / "second/drums/a_take.wav")
    (root / "second/drums/a take.wav").rename(root / "second/drums/a:take.wav")
    clash = (
        "second: expected names that differ, 'drums_a:take' and 'drums_a_take' would both be 'drums_a_take': rename one"
    )
    with pytest.raises(InputError, match=f"^{clash}$"):
        recorded_songs("test", chosen, 8000)
    (root / "third/drums").mkdir()
    (root / "third/drums.flac").rename(root / f"third/drums/{'ä' * 123}.flac")
    long = f"third: expected names of at most 251 bytes, got 'drums_{'ä' * 123}': rename it"
    assert validate("folder", root).damaged == [clash, long]


@pytest.mark.parametrize("peak", [1.5, 32767.0])
def test_integers_written_as_floats_are_found_out(peak, tmp_path):
    path = tmp_path / "drums.wav"
    audio = sound("one", "drums")
    soundfile.write(path, audio / abs(audio).max() * peak, RATE, subtype="FLOAT")
    if peak < 2:
        assert abs(read_part(SourceFile("drums", "drums", path))).max() == pytest.approx(peak)
        return
    with pytest.raises(InputError, match=f"^{path}: expected samples near ±1, got a peak of 32767: write it again$"):
        read_part(SourceFile("drums", "drums", path))


def test_a_name_that_is_not_utf8_is_one_line(copy):
    root = copy("folder")
    Path(os.fsdecode(os.fsencode(root) + b"/Caf\xe9")).mkdir()
    with pytest.raises(InputError, match=r"Caf\\udce9': expected a name in UTF-8: rename it$"):
        recorded_songs("noisy", Recorded(source="folder", root=str(root), validation=1), 8000)
    path = Path(os.fsdecode(os.fsencode(root / "third") + b"/dr\xfcms.wav"))
    with pytest.raises(InputError, match=r"dr\\udcfcms.wav': expected a path in UTF-8: rename it$"):
        read_part(SourceFile("drums", "drums", path))


def test_every_name_that_is_not_utf8_is_listed(copy, tool, capsys):
    root = copy("folder")
    sources = os.fsencode(root / "second/drums")
    for name in (b"sn\xe4re.wav", b"t\xf6m.mp3"):
        Path(os.fsdecode(sources + b"/" + name)).write_bytes((root / "second/drums/snare.wav").read_bytes())
    chosen = Recorded(source="folder", root=str(root), exclude=["first song", "third"])
    with pytest.raises(InputError, match=r"t\udcf6m\.mp3: expected \.wav"):
        recorded_songs("test", chosen, 8000)
    with pytest.raises(SystemExit) as end:
        tool("validate_data", "folder", str(root))
    assert end.value.code == 1
    damaged = capsys.readouterr().out.partition("damaged:\n")[2]
    for line in (
        r"second: expected names in UTF-8, got 'drums_sn\udce4re': rename it",
        rf"{root}/second/drums/t\udcf6m.mp3: expected .wav or .flac, in which a cut is found out: convert or move it",
    ):
        assert f"  {line}\n" in damaged
    Path(os.fsdecode(sources + b"/t\xf6m.mp3")).unlink()
    with pytest.raises(InputError, match=r"^second: expected names in UTF-8, got 'drums_sn\\udce4re': rename it$"):
        recorded_songs("test", chosen, 8000)


def test_a_folder_that_cannot_be_read_is_one_problem_among_others(copy, monkeypatch):
    root = copy("folder")

    def iterdir(self: Path, original=Path.iterdir):
        if self.name == "second":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return original(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    report = validate("folder", root)
    assert report.songs == 3 and report.damaged == [f"{root}/second: Permission denied"]


def test_a_stem_mp4_that_was_cut_short_or_has_a_hole_is_found_out(copy):
    path = data_set("musdb18").recordings(copy("musdb18"))[0].sources[0].path
    source, whole = SourceFile("drums", "drums", path, 1), path.read_bytes()
    assert whole.index(b"moov") < whole.index(b"mdat")
    for part in (0.3, 0.7, 0.99):
        path.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(InputError, match=f"^{path}: cut short, [0-9]+ of {len(whole)} bytes: copy it again$"):
            read_part(source)
    hole = slice(len(whole) // 2, len(whole) * 3 // 4)
    path.write_bytes(whole[: hole.start] + bytes(hole.stop - hole.start) + whole[hole.stop :])
    with pytest.raises(InputError, match=f"^{path}: stream 1: damaged, [0-9.]+ of [0-9.]+ s: copy it again$"):
        read_part(source)


@pytest.mark.parametrize("kind", ["WAV", "RF64"])
def test_a_wav_file_says_how_long_it_is(kind, tmp_path):
    path = tmp_path / "drums.wav"
    soundfile.write(path, sound("one", "drums"), RATE, format=kind)
    whole = bytearray(path.read_bytes())
    source = SourceFile("drums", "drums", path)
    assert whole[:4] == (b"RIFF" if kind == "WAV" else b"RF64") and len(read_part(source)[0]) == 4 * RATE
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        InputError, match=f"^{path}: cut short, {len(whole) // 2} of {len(whole)} bytes: copy it again$"
    ):
        read_part(source)
    place = slice(4, 8) if kind == "WAV" else slice(20, 28)
    for unknown in (0x00, 0xFF):  # what programs write that cannot go back to the beginning
        whole[place] = bytes([unknown]) * (place.stop - place.start)
        path.write_bytes(whole)
        with pytest.raises(InputError, match=f"^{path}: its header does not say how long it is, .*: write it again$"):
            read_part(source)


@pytest.mark.parametrize(
    ("stated", "message"),
    [(0, "its header does not say how long it is"), (2**36 - 1, "expected a readable audio file")],
)
def test_a_flac_header_may_promise_nothing_or_anything(stated, message, copy):
    path = copy("folder") / "third" / "drums.flac"
    content = bytearray(path.read_bytes())
    number = int.from_bytes(content[21:26], "big") >> 36 << 36 | stated  # the last 36 of these bits
    content[21:26] = number.to_bytes(5, "big")
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"^{path}: {message}"):
        read_part(SourceFile("drums", "drums", path))


def test_a_flac_file_that_was_cut_short_is_found_out_wherever_it_ends(copy):
    path = copy("folder") / "third" / "drums.flac"
    whole = path.read_bytes()
    for end in (*range(50, len(whole), len(whole) // 100), len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError, match=f"^{path}: expected a readable audio file: [^\n]*: copy it again$"):
            read_part(SourceFile("drums", "drums", path))


def problem(name: str, root: Path) -> str:
    """What is wrong with the one song that cannot be listed."""
    (found,) = [line for song in data_set(name).recordings(root) for line in song.problems]
    return found


BAD_TREES = {
    "no text": (
        "medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", b"artist: Caf\xe9", "expected MedleyDB's metadata",
    ),
    "no instrument": (
        "medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml",
        "has_bleed: no\nstems: {S01: {filename: a.wav, instrument: null}}", "filename 'a.wav', instrument None",
    ),
    "no metadata": ("medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", None, "METADATA.yaml: missing"),
    "no YAML": ("medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", "a: [", "expected MedleyDB's metadata"),
    "no key": ("medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", "stems: {}", "expected MedleyDB's metadata"),
    "instrument": (
        "medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml",
        "has_bleed: no\nstems: {S01: {filename: a.wav, instrument: nose flute}}", "unknown instrument 'nose flute'",
    ),
    "tags": (
        "medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", "!!python/object/apply:os.getcwd []",
        "expected MedleyDB's metadata",
    ),
    "no stems": (
        "medleydb", "Audio/ABand_Song/ABand_Song_METADATA.yaml", "has_bleed: no\nstems: {}",
        "metadata (has_bleed, stems)",
    ),
    "no tracks": (
        "moisesdb", "0000ff00-aaaa-bbbb-cccc-000000000000/data.json", '{"artist": "a", "song": "b", "stems": []}',
        "'tracks' is missing",
    ),
    "no JSON": ("moisesdb", "0000ff00-aaaa-bbbb-cccc-000000000000/data.json", "{", "expected MoisesDB's JSON"),
    "no data.json": ("moisesdb", "0000ff00-aaaa-bbbb-cccc-000000000000/data.json", None, "copy the song again"),
    "stem name": (
        "moisesdb", "0000ff00-aaaa-bbbb-cccc-000000000000/data.json",
        '{"artist": "a", "song": "b", "stems": [{"stemName": "spoons", "tracks": [{"id": "1", "extension": "wav"}]}]}',
        "'spoons'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TREES)
def test_bad_metadata_is_one_line_that_names_the_file(case, copy):
    name, path, content, expected = BAD_TREES[case]
    root = copy(name)
    (root / path).unlink()
    if content is not None:
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = problem(name, root)
    assert str(root / path) in found and expected in found and "\n" not in found
