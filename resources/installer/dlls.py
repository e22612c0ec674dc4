"""Which libraries the parts of a bundle for Windows ask for, and which of them nobody would find there.

A library is found beside the one that asks, beside `python.exe`, in the folders of its package (which the package
tells Windows by `os.add_dll_directory`), or in Windows itself. The C++ library of Microsoft is not in Windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

KINDS = (".dll", ".exe", ".pyd")

# What Windows 10 has from version 1809 on, in System32.
OF_WINDOWS = (
    "advapi32.dll", "api-ms-win-*.dll", "authz.dll", "bcrypt.dll", "bcryptprimitives.dll", "cabinet.dll",
    "cfgmgr32.dll",
    "comctl32.dll", "comdlg32.dll", "crypt32.dll", "d2d1.dll", "d3d11.dll", "d3d12.dll", "d3d9.dll",
    "d3dcompiler_47.dll", "dbghelp.dll", "dnsapi.dll", "dwmapi.dll", "dwrite.dll", "dxgi.dll", "gdi32.dll",
    "icuuc.dll", "imagehlp.dll", "imm32.dll", "iphlpapi.dll", "kernel32.dll", "mpr.dll", "msi.dll", "msvcrt.dll",
    "ncrypt.dll", "netapi32.dll", "ntdll.dll", "ole32.dll", "oleaut32.dll", "propsys.dll", "psapi.dll", "rpcrt4.dll",
    "secur32.dll", "setupapi.dll", "shcore.dll", "shell32.dll", "shlwapi.dll", "ucrtbase.dll", "uiautomationcore.dll",
    "user32.dll", "userenv.dll", "uxtheme.dll", "version.dll", "winhttp.dll", "winmm.dll", "winspool.drv",
    "wintrust.dll", "ws2_32.dll", "wtsapi32.dll",
)  # fmt: skip
# the folders that packages add, but for their own and `<package>.libs`
_ADDED = {"torch": ("torch/lib",), "openvino": ("openvino/libs",), "PySide6": ("shiboken6",)}


def asked(inside: Path) -> dict[str, set[str]]:
    """Of each program and library below `inside` the names of libraries it asks for, in small letters."""
    return {
        path.relative_to(inside).as_posix(): set(_imports(path))
        for path in sorted(inside.rglob("*"))
        if path.suffix.lower() in KINDS
    }


def missing(asks: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Name of a library that nothing would find: who asks for it."""
    there = {path.lower() for path in asks}
    found: dict[str, list[str]] = {}
    for path, names in asks.items():
        for name in sorted(names):
            if not of_windows(name) and not any(f"{place}{name}" in there for place in _places(path)):
                found.setdefault(name, []).append(path)
    return found


def unused(asks: Mapping[str, set[str]]) -> list[str]:
    """Libraries (not modules, not plugins) that no other asks for: some are opened by name, the others may go."""
    wanted = set().union(*asks.values()) if asks else set()
    return [path for path in asks if path.endswith(".dll") and PurePosixPath(path).name.lower() not in wanted]


def of_windows(name: str) -> bool:
    """Whether Windows itself has it."""
    return any(fnmatch(name, pattern) for pattern in OF_WINDOWS)


def version_of(path: Path) -> tuple[int, ...]:
    """As the file itself says; () where it does not."""
    import pefile

    with pefile.PE(str(path)) as file:
        for said in getattr(file, "VS_FIXEDFILEINFO", []):
            parts = (said.FileVersionMS, said.FileVersionLS)
            return tuple(half for part in parts for half in (part >> 16, part & 0xFFFF))
    return ()


def _places(path: str) -> Iterator[str]:
    """Where what `path` asks for is looked for, each with its `/` at the end."""
    yield ""
    yield f"{PurePosixPath(path).parent.as_posix()}/".lower()
    package = path.partition("/")[0]
    for folder in (package, f"{package}.libs", *_ADDED.get(package, ())):
        yield f"{folder}/".lower()


def _imports(path: Path) -> Iterator[str]:
    import pefile

    kinds = [
        pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"],
        pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT"],
    ]
    try:
        with pefile.PE(str(path), fast_load=True) as file:
            file.parse_data_directories(directories=kinds)
            for kind in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT"):
                yield from (entry.dll.decode("ascii", "replace").lower() for entry in getattr(file, kind, []))
    except pefile.PEFormatError as wrong:
        raise SystemExit(f"error: {path} is no program or library of Windows: {wrong}") from wrong
