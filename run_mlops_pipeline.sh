#!/usr/bin/env bash
# Makes sure that .venv is there, then hands over to run_pipeline.py with the same flags.
# Exit codes and signals pass through, because the last line is an exec. No decisions are made here.
set -euo pipefail

# The folder of this file, also when it was started through a symbolic link.
source_path=${BASH_SOURCE[0]}
while [ -L "$source_path" ]; do
  link_folder=$(cd -P "$(dirname "$source_path")" && pwd)
  source_path=$(readlink "$source_path")
  case $source_path in /*) ;; *) source_path=$link_folder/$source_path ;; esac
done
root=$(cd -P "$(dirname "$source_path")" && pwd)

if [ ! -x "$root/.venv/bin/python" ] ||
  ! cmp -s "$root/requirements.txt" "$root/.venv/requirements.txt.installed"; then
  "$root/script/bootstrap"
fi
exec "$root/.venv/bin/python" "$root/run_pipeline.py" "$@"
