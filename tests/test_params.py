"""params.yaml: it is the composition of conf/, every profile is valid, and a bad value is one line."""

from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from stages.pipeline.errors import InputError
from stages.pipeline.params import load_params
from stages.record_environment import device_name

ROOT = Path(__file__).parent.parent


def composed(*overrides: str) -> dict:
    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=list(overrides)))


def test_committed_params_are_the_default_composition():
    assert yaml.safe_load((ROOT / "params.yaml").read_text()) == composed()


@pytest.mark.parametrize("profile", ["smoke", "laptop", "paper"])
@pytest.mark.parametrize("data", [None, *sorted(path.stem for path in (ROOT / "conf" / "data").iterdir())])
def test_every_profile_is_valid_with_all_data(profile, data, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(composed(f"profile={profile}", *([f"data={data}"] if data else []))))
    stems = load_params(path).stems
    expected = {"musdb_sdxdb": ("musdb18hq", "sdxdb23", "musdb18hq")}.get(data, ("rendered",) * 3)
    assert (stems.clean.source, stems.noisy.source, stems.test.source) == expected


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("separation.xumx", "batch", 0),
        ("separation.xumx", "steps", "many"),
        ("refinement", "threshold", 2.0),
        ("scoring", "threshold", 0.625),
        ("corruption.flip_rate", "bass", -0.1),
        ("corruption.flip_rate", "bass", float("nan")),
        ("compute", "device", "abacus"),
        ("classifier", "surprise", 1),
        ("classifier", "mel_bands", 31),
        ("segments", "seconds", 1e-5),  # no frame
        ("segments", "seconds", 0.05),  # less than a window of X-UMX
        ("segments", "seconds", 0.7),  # too few windows for the classifier
        ("separation.xumx", "hop", 1025),  # more than half of its window
        ("segments", "silence_db", -120.0),  # which digital silence would pass
    ],
)
def test_a_bad_value_is_one_line_that_names_it(section, key, value, tmp_path):
    content = composed()
    target = content
    for part in section.split("."):
        target = target[part]
    target[key] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as caught:
        load_params(path)
    message = str(caught.value)
    assert f"{path}: {section}.{key}: " in message
    assert "\n" not in message


def test_a_confusion_row_has_to_sum_to_one(tmp_path):
    content = composed()
    content["corruption"]["confusion"]["bass"] = {"vocals": 0.5, "other": 0.4}
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"confusion\.bass: expected chances"):
        load_params(path)


def test_a_key_of_a_data_set_is_named_as_it_stands_in_the_file(tmp_path):
    content, path = composed(), tmp_path / "params.yaml"
    content["stems"]["test"] = {"source": "folder", "root": "songs", "exclude": ["one", 7]}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"params\.yaml: stems\.test\.exclude\.1: Input should be [^\n]*, got 7$"):
        load_params(path)
    content["stems"]["test"] = {"source": "folder", "exclude": []}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"params\.yaml: stems\.test\.root: Field required"):
        load_params(path)


def test_a_noisy_folder_has_to_say_what_its_labels_are(tmp_path):
    content, path = composed(), tmp_path / "params.yaml"
    content["stems"]["clean"] = content["stems"]["noisy"] = {"source": "folder", "root": "songs", "validation": 1}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"^[^\n]*params\.yaml: stems\.noisy\.mislabelled: expected true [^\n]*$"):
        load_params(path)
    for known in (True, False):
        content["stems"]["noisy"] = content["stems"]["clean"] | {"mislabelled": known}
        path.write_text(yaml.safe_dump(content))
        assert load_params(path).stems.noisy.mislabelled is known


def test_the_environment_names_the_gpus_of_every_node(monkeypatch):
    compute = load_params(ROOT / "params.yaml").compute
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "a GPU")
    assert device_name(compute) == "cpu"
    assert device_name(compute.model_copy(update={"device": "cuda", "devices": 4, "num_nodes": 2})) == "8 x a GPU"


def test_yaml_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("seed: !!python/object/apply:os.getpid []\n")
    with pytest.raises(InputError, match="cannot be read as YAML"):
        load_params(path)
