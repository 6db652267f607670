"""Where Terraform gets its provider from: the user's own CLI configuration, a mirror on this machine, or the registry."""

import platform
from collections.abc import Iterable, Iterator, Mapping
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
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError:
        return
    for child in children:
        if child.name == _HOST:
            yield child
        elif depth > 1 and not child.is_symlink():
            yield from _host_folders(child, depth - 1)


def _holds_provider(folder: Path, version: str) -> bool:
    target = _platform()
    packed = folder / f"terraform-provider-aws_{version}_{target}.zip"
    return (folder / version / target).is_dir() or packed.is_file()


def _platform() -> str:
    machine = platform.machine()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def cli_environment(environment: Mapping[str, str], *, home: Path, folder: Path) -> dict[str, str]:
    """Return the variables that make Terraform find its provider; may write `folder`/terraform.rc.

    A CLI configuration of the user's that exists is left alone. One that is named but absent is
    an error of Terraform's at every start, so it is taken out of the way.
    """
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and Path(named).is_file():
        return {"TF_CLI_CONFIG_FILE": named}
    if not named and (home / ".terraformrc").is_file():
        return {}
    mirror = find_mirror(usual_prefixes(home))
    if mirror is None:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "terraform.rc"
    configuration.write_text(
        _CONFIGURATION.format(path=_quoted(mirror), host=_HOST), encoding="utf-8"
    )
    return {"TF_CLI_CONFIG_FILE": str(configuration)}


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("${", "$${").replace("%{", "%%{") + '"'
