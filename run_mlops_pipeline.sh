#!/usr/bin/env bash
# Makes sure that .venv has what the backend needs, then hands over to run_pipeline.py with the same
# flags. Exit codes and signals pass through, because the last line is an exec.
set -euo pipefail

# The folder of this file, also when it was started through a symbolic link.
source_path=${BASH_SOURCE[0]}
while [ -L "$source_path" ]; do
  link_folder=$(cd -P "$(dirname "$source_path")" && pwd)
  source_path=$(readlink "$source_path")
  case $source_path in /*) ;; *) source_path=$link_folder/$source_path ;; esac
done
root=$(cd -P "$(dirname "$source_path")" && pwd)

# The requirements of the backend that flags, environment or configuration file name, in this order.
# A wrong guess does no harm: the runner itself says what it lacks, and how to install it.
requirements_of() {
  local backend="" file=$root/pipeline_config.json
  while [ $# -gt 0 ]; do
    case $1 in
      --backend=*) backend=${1#*=} ;;
      --backend) backend=${2-} ;;
      --local-test) backend=local ;;
      --config-file=*) file=${1#*=} ;;
      --config-file) file=${2-} ;;
    esac
    shift
  done
  backend=${backend:-${MLOPS_BACKEND-}}
  if [ -z "$backend" ] && grep -Eqs '"backend"[[:space:]]*:[[:space:]]*"aws"' "$file"; then
    backend=aws
  fi
  if [ "$backend" = aws ]; then echo requirements.txt; else echo requirements-local.txt; fi
}

is_installed() {
  "$root/script/bootstrap" --is-installed "$1"
}

if ! is_installed requirements-local.txt; then
  wanted=$(requirements_of "$@")
  is_installed "$wanted" || "$root/script/bootstrap" "$wanted"
fi
exec "$root/.venv/bin/python" "$root/run_pipeline.py" "$@"
