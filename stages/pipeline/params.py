"""params.yaml, read safely and checked: a wrong key, type or range is one line that names it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from stages.pipeline.errors import InputError

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
SMALLEST_IMAGE = 32  # that a ConvNeXt takes, which halves it five times
DataSetName = Literal["musdb18", "musdb18hq", "medleydb", "moisesdb", "sdxdb23", "folder"]


def _lowest_first(value: list[float]) -> list[float]:
    if value[0] > value[1]:
        raise ValueError("expected the lowest first")
    return value


TWO, LOWEST_FIRST = Field(min_length=2, max_length=2), AfterValidator(_lowest_first)


class Section(BaseModel):
    """A part of params.yaml: no unknown keys, no silent conversions, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PerClass(Section):
    vocals: Probability
    bass: Probability
    drums: Probability
    other: Probability


class RenderedTraining(Section):
    """A catalogue of the embedded data set; the last songs are held out for validation."""

    source: Literal["rendered"]
    songs: Count
    validation: Count


class RenderedTest(Section):
    source: Literal["rendered"]
    songs: Count


class Recorded(Section):
    """A data set of stages.stems.datasets, in a folder of the user's; docs/data.md says what each one expects."""

    source: DataSetName
    root: str
    validation: Annotated[int, Field(ge=0)] = 0  # songs to hold out, where the set has no validation songs of its own
    index: str | None = None  # checksums to compare the files with
    exclude: list[str] = []  # songs to leave out, such as those that are in the test set
    mislabelled: bool | None = None  # if true, nobody knows what its files hold: nothing is mislabelled on top (noisy)


TrainingSet = Annotated[RenderedTraining | Recorded, Field(discriminator="source")]
TestSet = Annotated[RenderedTest | Recorded, Field(discriminator="source")]


class Stems(Section):
    rate: Annotated[int, Field(ge=8000, le=192000)]
    song_seconds: Annotated[list[Annotated[float, Field(ge=4)]], TWO, LOWEST_FIRST]
    clean: TrainingSet
    noisy: TrainingSet
    test: TestSet


class Bleeding(Section):
    rate: Probability
    gain_db: Annotated[list[Annotated[float, Field(le=0)]], TWO, LOWEST_FIRST]


class Corruption(Section):
    flip_rate: PerClass
    confusion: dict[
        Literal["vocals", "bass", "drums", "other"], dict[Literal["vocals", "bass", "drums", "other"], Probability]
    ]
    bleeding: Bleeding

    @model_validator(mode="after")
    def rows_are_distributions(self) -> "Corruption":
        if missing := set(PerClass.model_fields) - self.confusion.keys():
            raise ValueError(f"confusion: expected a row for each class, {sorted(missing)[0]} is missing")
        for name, row in self.confusion.items():
            if name in row or abs(sum(row.values()) - 1) > 1e-6:
                raise ValueError(f"confusion.{name}: expected chances of the other classes that sum to 1, got {row}")
        return self


class Segments(Section):
    seconds: Positive
    silence_db: Annotated[float, Field(gt=-120, lt=0)]  # levels end at -120, that of digital silence
    audible_db: Annotated[float, Field(lt=0)]


class Training(Section):
    """Settings that every training has."""

    steps: Count
    batch: Count
    learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    clip: Positive
    average: Annotated[float, Field(ge=0, lt=1)]
    patience: Annotated[int, Field(ge=0)]
    precision: Literal["32-true", "bf16-mixed"]


class Classifier(Training):
    model: str
    mel_bands: Annotated[int, Field(ge=SMALLEST_IMAGE)]
    fft: Count
    hop: Count
    keep_probability: Probability
    effect_probability: Probability


class Refinement(Section):
    threshold: Probability


class Xumx(Training):
    hidden: Annotated[int, Field(ge=2, multiple_of=2)]  # half of them for each direction of time
    fft: Count
    hop: Count
    bandwidth: Positive


class HDemucs(Training):
    channels: Annotated[int, Field(ge=4)]  # of which its residual branches take a quarter
    cac: bool


class Separation(Section):
    multi_label_probability: Probability
    xumx: Xumx
    hdemucs: HDemucs


class Scoring(Section):
    threshold: Annotated[Probability, Field(multiple_of=0.01)]  # the reference keeps two decimals of probabilities
    mixes: Count
    wiener_iterations: Annotated[int, Field(ge=0)]
    museval: bool


class Compute(Section):
    device: Literal["cpu", "cuda"]
    devices: Count
    num_nodes: Count
    threads: Count
    workers: Annotated[int, Field(ge=0)]


class Params(Section):
    """The whole of params.yaml; conf/profile/laptop.yaml and conf/data/ say what each key means."""

    seed: Annotated[int, Field(ge=0, lt=2**40)]  # a million times it, the seed of a step, has to fit in 64 bits
    stems: Stems
    corruption: Corruption
    segments: Segments
    classifier: Classifier
    refinement: Refinement
    separation: Separation
    scoring: Scoring
    compute: Compute

    @model_validator(mode="after")
    def a_noisy_folder_says_what_its_labels_are(self) -> "Params":
        noisy = self.stems.noisy
        if noisy.source == "folder" and noisy.mislabelled is None:
            raise ValueError(
                "stems.noisy.mislabelled: expected true (labels as they were found, to be refined as they are) or "
                "false (right labels, to be mislabelled by corruption)"
            )
        return self

    @model_validator(mode="after")
    def segments_hold_the_networks_windows(self) -> "Params":
        classifier, xumx = self.classifier, self.separation.xumx
        if 2 * xumx.hop > xumx.fft:  # windows have to overlap by half, or no waveform comes back
            raise ValueError(f"separation.xumx.hop: expected half of separation.xumx.fft at most, got {xumx.hop}")
        shortest = {
            "separation.xumx.fft": xumx.fft,
            f"{SMALLEST_IMAGE} windows of classifier.fft, classifier.hop apart": (
                classifier.fft + (SMALLEST_IMAGE - 1) * classifier.hop
            ),
        }
        frames = round(self.segments.seconds * self.stems.rate)
        for windows, expected in shortest.items():
            if frames < expected:
                raise ValueError(
                    f"segments.seconds: expected at least {windows}, {expected} frames at stems.rate, got {frames}"
                )
        return self


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check parameters. Raises InputError like `checked_params`, and for a file that is no YAML."""
    return checked_params(_read_yaml(path), str(path))


def read_mapping(path: Path) -> dict:
    """A YAML file's keys and values. Raises InputError for a file that is no YAML, or has none."""
    content = _read_yaml(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys and values, got {content!r:.80}")
    return content


def _read_yaml(path: Path) -> object:
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {error}") from error


def checked_params(content: object, where: str) -> Params:
    """What was read from YAML, as parameters. Raises InputError naming the first bad key and what was expected."""
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"] and first["type"] == "value_error":  # of several parameters, which it names itself
            raise InputError(f"{where}: {first['ctx']['error']}") from error
        key = ".".join(_key(content, first["loc"])) or "(top level)"
        raise InputError(f"{where}: {key}: {first['msg']}, got {first['input']!r:.80}") from error


def _key(content: object, location: tuple[str | int, ...]) -> Iterator[str]:
    """The keys that lead to a location, without the names that pydantic gives to the forms that a section may have."""
    for place, part in enumerate(location, 1):
        if isinstance(content, dict) and part not in content and place < len(location):
            continue
        yield str(part)
        if isinstance(content, list) or (isinstance(content, dict) and part in content):
            content = content[part]
