#!/usr/bin/env bash
# Virtual environments of the tools that `vtgdata exchange` writes for, to read its files with their own loaders.
#
#   benchmarks/exchange/setup.sh FOLDER [label_studio] [fiftyone]
#
# Makes FOLDER/label_studio (0.5 GB) and FOLDER/fiftyone (1.0 GB), outside of this repository. vtgdata is not in them:
# `python benchmarks/exchange/check.py FOLDER` writes the files and calls them.
set -eu
folder=${1:?usage: setup.sh FOLDER [TOOL]...}
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
case "$(realpath -m "$folder")/" in "$root"/*) echo "$folder: lies in the repository; name another folder" >&2; exit 2 ;; esac
PYTHON=${PYTHON:-python3}

packages() {
    case $1 in
    label_studio) echo label-studio-sdk==2.1.2 ;;
    fiftyone) echo fiftyone==1.22.1 ;;
    *) echo "$1: no tool of this script" >&2; exit 2 ;;
    esac
}

mkdir -p "$folder"
for tool in "${@:-label_studio fiftyone}"; do
    for name in $tool; do
        wanted=$(packages "$name")
        [ -x "$folder/$name/bin/python" ] || "$PYTHON" -m venv "$folder/$name"
        "$folder/$name/bin/python" -m pip install -q "$wanted"
        "$folder/$name/bin/python" -m pip list --format=freeze >"$folder/$name/installed.txt"
        du -sh "$folder/$name"
    done
done
