"""Is a copy of a data set whole? Lists its missing and its damaged files.

    python tools/validate_data.py musdb18hq                             what it is, where to ask for it, how to cite it
    python tools/validate_data.py musdb18hq ROOT                        decode every file
    python tools/validate_data.py musdb18hq ROOT --write-index FILE     remember every file's checksum ...
    python tools/validate_data.py musdb18hq ROOT --index FILE           ... and compare with them

Exit code 1 if anything is missing or damaged.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from stages.pipeline.errors import errors_as_one_line
from stages.stems.datasets import NAMES, data_set
from stages.stems.datasets.validation import validate, write_index


def main() -> int:
    sys.stdout.reconfigure(errors="backslashreplace")  # names that are no UTF-8 are among what it lists
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_set", choices=NAMES)
    parser.add_argument("root", type=Path, nargs="?")
    parser.add_argument("--index", type=Path, help="checksums to compare with")
    parser.add_argument("--write-index", type=Path, metavar="FILE", help="write checksums, compare nothing")
    arguments = parser.parse_args()
    info = data_set(arguments.data_set).INFO
    if arguments.root is None and (arguments.index or arguments.write_index):
        parser.error("expected the data set's root before an index")
    if arguments.root is None:
        print(f"{info.title}\nlicence: {info.licence}\nrequest: {info.request}\n\n{info.tree}\n\n{info.bibtex}")
        return 0
    if arguments.write_index:
        write_index(arguments.data_set, arguments.root, arguments.write_index)
        print(f"wrote {arguments.write_index}")
        return 0
    report = validate(arguments.data_set, arguments.root, arguments.index)
    print(f"{arguments.data_set}: {report.songs} songs, {len(report.missing)} missing, {len(report.damaged)} damaged")
    for title, lines in (("missing", report.missing), ("damaged", report.damaged)):
        if lines:
            print(f"{title}:", *lines, sep="\n  ")
    return int(bool(report.missing or report.damaged))


if __name__ == "__main__":
    with errors_as_one_line("validate_data"):
        sys.exit(main())
