#!/usr/bin/env bash
# Virtual environments of the trainers that `vtgdata export` writes for, to try an export with their own loaders.
#
#   benchmarks/exports/setup.sh FOLDER [verl] [ms_swift] [llama_factory]
#
# Makes FOLDER/verl, FOLDER/ms_swift and FOLDER/llama_factory (about 3 GB each), outside of this repository, with this
# checkout's wheel in each, without extras. torch is the build for CPUs where pip finds one: set PIP_INDEX_URL or
# PIP_FIND_LINKS to where yours lies. Nothing here needs a GPU.
set -eu
folder=${1:?usage: setup.sh FOLDER [TRAINER]...}
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
case "$(realpath -m "$folder")/" in "$root"/*) echo "$folder: lies in the repository; name another folder" >&2; exit 2 ;; esac
PYTHON=${PYTHON:-python3}

# torchvision without its dependencies: its wheel is built for CUDA, and what loaders need of it runs without
# (benchmarks/exports/on_cpu.py gives it the two operators that it declares).
packages() {
    case $1 in
    verl) echo verl==0.9.1 transformers==5.10.2 qwen-vl-utils==0.0.14 av decord==0.6.0 ;;
    ms_swift) echo ms-swift==4.6.0 transformers==5.10.2 qwen-vl-utils==0.0.14 av decord==0.6.0 ;;
    llama_factory) echo llamafactory==0.9.5 transformers==5.6.0 ;;
    *) echo "$1: no trainer of this script" >&2; exit 2 ;;
    esac
}

mkdir -p "$folder"
"$PYTHON" -m pip wheel -q --no-deps -w "$folder/wheel" "$root"
for trainer in "${@:-verl ms_swift llama_factory}"; do
    for name in $trainer; do
        wanted=$(packages "$name")
        [ -x "$folder/$name/bin/python" ] || "$PYTHON" -m venv "$folder/$name"
        pip="$folder/$name/bin/python -m pip install -q"
        $pip torch==2.13.0
        $pip --no-deps torchvision==0.28.0 torchaudio==2.11.0
        # shellcheck disable=SC2086
        $pip torch==2.13.0 $wanted "$folder"/wheel/vtgdata-*.whl
        "$folder/$name/bin/python" -m pip list --format=freeze >"$folder/$name/installed.txt"
        du -sh "$folder/$name"
    done
done
