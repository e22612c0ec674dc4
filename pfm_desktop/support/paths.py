"""Where things are, in the source tree and in the installed (frozen) program."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import platformdirs

APP = "pfm-desktop"
HOME = "PFM_HOME"  # the variable that moves the data of the user (tests, portable installs)


def app_root() -> Path:
    """Folder that holds `resources/`, `models/` and `docs/user/`: the checkout, or the bundle of what is installed."""
    bundle = getattr(sys, "_MEIPASS", None)
    return Path(bundle) if bundle else Path(__file__).resolve().parents[2]


def resources_dir() -> Path:
    """Icons, themes, templates."""
    return app_root() / "resources"


def user_guide_dir() -> Path:
    """The user guide, Markdown and pictures: the same folder in the checkout and in the bundle."""
    return app_root() / "docs" / "user"


def shipped_models_dir() -> Path:
    """Models that come with the program; read only."""
    return app_root() / "models"


def user_data_dir() -> Path:
    """Per-user data; the variable `HOME` names moves it."""
    home = os.environ.get(HOME)
    return Path(home) if home else Path(platformdirs.user_data_dir(APP, appauthor=False))


def make_user_data_dir() -> None:
    """For this user alone, where it is not there yet. A disk that refuses it is told of by what writes there."""
    with suppress(OSError):
        user_data_dir().mkdir(mode=0o700, parents=True, exist_ok=True)


def user_models_dir() -> Path:
    """Models trained or imported by this user."""
    return user_data_dir() / "models"


def model_dirs() -> tuple[Path, ...]:
    """Folders searched for models by name, the user's own first."""
    return user_models_dir(), shipped_models_dir()


def demo_library_dir() -> Path:
    """The library that a first start opens."""
    return user_data_dir() / "demo-library"


def settings_file() -> Path:
    """The settings of this user."""
    return user_data_dir() / "settings.json"


def last_seen_file() -> Path:
    """Where each library's audit trail ended when it was last used on this computer."""
    return user_data_dir() / "last-seen.json"


def update_root_file() -> Path:
    """Whose update files this build takes: the root of trust that was put into it (docs/updates.md)."""
    return resources_dir() / "updates" / "root.json"


def updates_dir() -> Path:
    """What is known of update files and of what they changed: last seen signatures, kept installers, steps back."""
    return user_data_dir() / "updates"


def log_dir() -> Path:
    """Log and crash files. They never hold names or pictures."""
    return user_data_dir() / "logs"


def cache_dir() -> Path:
    """Things that can be made again (compiled models, training caches)."""
    return user_data_dir() / "cache"
