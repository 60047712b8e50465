"""Small copies of the recorded data sets: true folder trees and metadata, odd cases among them, with made-up sound."""

import json
import subprocess
import zlib
from pathlib import Path

import numpy as np
import soundfile
import yaml

from stages.stems import CLASSES

RATE = 16000
SECONDS = 4.0
PITCH = dict(zip(CLASSES, (440.0, 110.0, 2500.0, 1200.0), strict=True))


def sound(song: str, cls: str, rate: int = RATE, seconds: float = SECONDS, channels: int = 2) -> np.ndarray:
    """A tone of the class's pitch, whose loudness follows from the song's name: (frames, channels)."""
    rng = np.random.default_rng(zlib.crc32(song.encode()))
    time = np.arange(round(seconds * rate)) / rate
    steps = np.repeat(rng.uniform(0.2, 1.0, round(seconds * 10) + 1), rate // 10)[: len(time)]
    wave = 0.2 * steps * np.sin(2 * np.pi * PITCH[cls] * time) + 1e-3 * rng.standard_normal(len(time))
    return np.tile(wave[:, None], (1, channels))


def write(path: Path, audio: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate)


def musdb18hq(root: Path) -> None:
    """One training song, one of the 14 validation songs, one test song."""
    for folder in ("train/Ünï Cödé - Sóng 1", "train/Actions - One Minute Smile", "test/A Band - Heard Before"):
        stems = {c: sound(folder, c) for c in CLASSES}
        for name, audio in {"mixture": sum(stems.values()), **stems}.items():
            write(root / folder / f"{name}.wav", audio)


def musdb18(root: Path) -> None:
    """The same songs as five streams of an .stem.mp4, made by ffmpeg."""
    wavs = root.with_name(f"{root.name}-wavs")
    musdb18hq(wavs)
    for folder in wavs.glob("*/*"):
        files = [folder / f"{name}.wav" for name in ("mixture", "drums", "bass", "other", "vocals")]
        inputs = [part for file in files for part in ("-i", str(file))]
        streams = [part for number in range(len(files)) for part in ("-map", str(number))]
        target = root / folder.parent.name / f"{folder.name}.stem.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        flags = ["-movflags", "+faststart"]  # the table of contents first, as in MUSDB18: a stump can be decoded
        command = [
            "ffmpeg",
            "-loglevel",
            "error",
            *inputs,
            *streams,
            "-c:a",
            "aac",
            "-b:a",
            "128k",
            *flags,
            str(target),
        ]
        subprocess.run(command, check=True)


def medleydb(root: Path) -> None:
    """Three songs that can be used (one without vocals, one with a mono stem, one whose metadata lie apart), and three
    that cannot: one bleeds, one has a room microphone, one a stem of two classes."""
    songs = {
        "ABand_Song": ["male singer", "electric bass", "drum set", "clean electric guitar", "piano"],
        "Instrumental_NoVoice": ["double bass", "tabla", "violin section"],
        "Third_Apart": ["vocalists", "electric bass", "drum machine", "synthesizer"],
        "Loud_Bleeding": ["male singer", "electric bass", "drum set", "piano"],
        "Room_Microphone": ["male singer", "Main System"],
        "Two_InOne": [["male singer", "piano"], "electric bass"],
    }
    classes = {"male singer": "vocals", "vocalists": "vocals", "electric bass": "bass", "double bass": "bass",
               "drum set": "drums", "drum machine": "drums", "tabla": "drums"}  # fmt: skip
    for song, instruments in songs.items():
        folder, stems = root / "Audio" / song, {}
        for number, instrument in enumerate(instruments, start=1):
            file = f"{song}_STEM_{number:02d}.wav"
            cls = classes.get(instrument, "other") if isinstance(instrument, str) else "other"
            write(
                folder / f"{song}_STEMS" / file, sound(song, cls, channels=1 if instrument == "violin section" else 2)
            )
            stems[f"S{number:02d}"] = {"component": "", "filename": file, "instrument": instrument, "raw": {}}
        metadata = {"artist": song, "has_bleed": "yes" if song == "Loud_Bleeding" else "no", "stems": stems}
        apart = root / "Metadata" if song == "Third_Apart" else folder
        apart.mkdir(exist_ok=True)
        (apart / f"{song}_METADATA.yaml").write_text(yaml.safe_dump(metadata))


def moisesdb(root: Path) -> None:
    """Four songs at 48 kHz, one of which bleeds; tracks of one song differ in length."""
    stems = {"vocals": 2, "bass": 1, "drums": 2, "percussion": 1, "guitar": 1, "other_keys": 1}
    classes = {"vocals": "vocals", "bass": "bass", "drums": "drums"}
    for number in range(4):
        folder = root / f"0{number}00ff00-aaaa-bbbb-cccc-000000000000"
        content = {"artist": "Bänd / Friends", "song": f"Tune {number}", "genre": "rock", "stems": []}
        for stem, count in stems.items():
            tracks = [
                {
                    "id": f"{stem}-{k}",
                    "extension": "wav",
                    "trackType": stem,
                    "has_bleed": number == 3 and stem == "drums",
                }
                for k in range(count)
            ]
            content["stems"].append({"stemName": stem, "tracks": tracks})
            for k, track in enumerate(tracks):
                audio = sound(f"moises{number}", classes.get(stem, "other"), 48000, SECONDS - 0.5 * k)
                write(folder / stem / f"{track['id']}.wav", audio, 48000)
        (folder / "data.json").write_text(json.dumps(content))


def sdxdb23(root: Path) -> None:
    """Three songs without a mixture; the stems of the first are swapped."""
    for number in range(3):
        for c, held in zip(CLASSES, CLASSES[::-1] if number == 0 else CLASSES, strict=True):
            write(root / f"{number}f3c-11ee-be56" / f"{c}.wav", sound(f"sdx{number}", held))


def folder(root: Path) -> None:
    """Three songs: files, folders of sources, and one as FLAC without a bass."""
    for c in CLASSES:
        write(root / "first song" / f"{c}.wav", sound("first", c))
        write(root / "second" / c / "a take.wav", sound("second", c))
        if c != "bass":
            write(root / "third" / f"{c}.flac", sound("third", c))
    write(root / "second" / "drums" / "snare.wav", sound("second", "drums"))


TREES = {tree.__name__: tree for tree in (musdb18, musdb18hq, medleydb, moisesdb, sdxdb23, folder)}
SONGS = {"musdb18": 3, "musdb18hq": 3, "medleydb": 3, "moisesdb": 3, "sdxdb23": 3, "folder": 3}
