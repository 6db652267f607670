"""Where Terraform gets its provider from: the user's own CLI configuration, a mirror, the registry.

A mirror is found by itself, so that a machine behind a firewall needs no configuration.
"""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

PROVIDER_VERSION = "5.100.0"  # as in each root's .terraform.lock.hcl

_HOST = "registry.terraform.io"
_PROVIDER = Path("hashicorp") / "aws"
_DEPTH = 3
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

_CONFIGURATION = """\
provider_installation {{
  filesystem_mirror {{
    path    = {path}
    include = ["{host}/*/*"]
  }}
  direct {{
    exclude = ["{host}/hashicorp/aws"]
  }}
}}
"""


def usual_prefixes(home: Path) -> tuple[Path, ...]:
    """Return the folders below which a filesystem mirror is looked for, nearest first."""
    return (
        home / ".terraform.d",
        home / ".local" / "share",
        Path("/usr/local/share"),
        Path("/usr/share"),
        Path("/opt"),
    )


def find_mirror(prefixes: Iterable[Path], *, version: str = PROVIDER_VERSION) -> Path | None:
    """Return the first mirror that holds the AWS provider of this version for this machine."""
    for prefix in prefixes:
        for host in _host_folders(prefix, _DEPTH):
            if _holds_provider(host / _PROVIDER, version):
                return host.parent
    return None


def _host_folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the registry folders below `folder`; the depth also ends a loop of symbolic links."""
    if _exists(folder / _HOST):
        yield folder / _HOST
    if depth > 1:
        for child in sorted(_folders(folder) - {_HOST}):
            yield from _host_folders(folder / child, depth - 1)


def _folders(folder: Path) -> set[str]:
    found = set()
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir():
                    found.add(entry.name)
    return found


def _holds_provider(folder: Path, version: str) -> bool:
    """Tell whether it is there in one of the two layouts that Terraform knows."""
    target = _platform()
    unpacked = _names(folder / version / target)
    packed = f"terraform-provider-aws_{version}_{target}.zip"
    return any(name.startswith("terraform-provider-aws") for name in unpacked) or (
        packed in _names(folder)
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above may not be entered
        return False


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def _platform() -> str:
    machine = platform.machine()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def cli_environment(
    environment: Mapping[str, str],
    *,
    home: Path,
    folder: Path,
    prefixes: Iterable[Path] | None = None,
) -> dict[str, str]:
    """Return the variables that make Terraform find its provider; may write `folder`/terraform.rc.

    A CLI configuration of the user's that exists is left alone. One that is named but absent makes
    Terraform warn at every start, so it is taken out of the way. Without any mirror, what comes
    from the registry is kept for the next run.
    """
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and _exists(Path(named)):
        return {"TF_CLI_CONFIG_FILE": str(Path(named).absolute())}
    if _exists(home / ".terraformrc"):
        return {}
    mirror = find_mirror(usual_prefixes(home) if prefixes is None else prefixes)
    if mirror is None:
        return _cache(environment, home)
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "terraform.rc"
    text = _CONFIGURATION.format(path=_quoted(mirror), host=_HOST)
    configuration.write_text(text, encoding="utf-8")
    return {"TF_CLI_CONFIG_FILE": str(configuration)}


def source(environment: Mapping[str, str], *, home: Path) -> str | None:
    """Say where `cli_environment` makes Terraform look; None where only the registry is left."""
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and _exists(Path(named)):
        return f"the CLI configuration {named}"
    if _exists(home / ".terraformrc"):
        return f"the CLI configuration {home / '.terraformrc'}"
    mirror = find_mirror(usual_prefixes(home))
    if mirror is not None:
        return f"the mirror {mirror}"
    cache = _cache(environment, home).get("TF_PLUGIN_CACHE_DIR")
    if cache and _holds_provider(Path(cache) / _HOST / _PROVIDER, PROVIDER_VERSION):
        return f"the cache {cache}"
    return None


def _cache(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Not below the usual prefixes: half a download must never be taken for a mirror."""
    named = environment.get("TF_PLUGIN_CACHE_DIR")
    folder = Path(named) if named else home / ".cache" / "mlops-pipeline" / "terraform-plugins"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"TF_PLUGIN_CACHE_DIR": str(folder.absolute())}


def _quoted(path: Path) -> str:
    """Quote for Terraform's CLI configuration: HCL 1, which takes "${" apart and knows no "$${"."""
    return json.dumps(str(path), ensure_ascii=False).replace("${", "\\u0024{")
