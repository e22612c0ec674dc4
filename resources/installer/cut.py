"""What the installed program goes without, with the reason of each: the list behind its size.

Patterns are of paths within the bundle (`fnmatch`, with `/` on every system).
"""

from __future__ import annotations

from fnmatch import fnmatch

# modules that something imports if they are there, or that only tests, plots and notebooks need
MODULES = [
    "IPython", "jedi", "matplotlib", "mypy", "pytest", "pytestqt", "_pytest", "ruff", "tensorboard", "tkinter",
    "torchvision", "torchaudio", "triton", "pandas", "sklearn", "notebook", "jupyter_client", "pip", "setuptools",
    # (not QtOpenGL and QtOpenGLWidgets: pyqtgraph asks for them by name, though nothing draws with OpenGL)
    "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtQuickWidgets", "PySide6.QtQuickControls2", "PySide6.QtSql",
    "PySide6.QtTest", "PySide6.QtDesigner", "PySide6.QtHelp", "PySide6.QtUiTools", "PySide6.QtConcurrent",
    "PySide6.QtNetwork",
    # of torch: what compiles networks, tests it, or draws; imported only when asked for
    "torch.utils.benchmark",
    "torch.utils.tensorboard", "torch.utils.hipify", "torch.distributed.elastic", "pydoc_data",
    "torch._vendor.quack", "torch.ao.pruning", "torch.distributed._tools", "torch.distributed.checkpoint",
    "torch.sparse._triton_ops_meta", "torch.utils.cpp_extension", "networkx", "functorch", "sympy.physics",
    "sympy.vector", "sympy.testing",
    # nothing asks a network (services/updating/tuf_client.py)
    "urllib3", "tuf.ngclient.urllib3_fetcher", "tuf.ngclient.requests_fetcher", "tuf.ngclient._internal.proxy",
    # kinds of databases, files and signals that are not read
    "scipy.io", "scipy.signal", "scipy.stats", "scipy.interpolate", "scipy.integrate",
    "sqlalchemy.dialects.mssql", "sqlalchemy.dialects.mysql", "sqlalchemy.dialects.oracle",
    "pydantic.v1", "PIL._avif",
    # readline is under GPL-3, and nobody types into this program's interpreter
    "readline", "rlcompleter", "curses", "distutils", "lib2to3", "mpl_toolkits", "dbm.gnu", "_gdbm",
]  # fmt: skip

FILES = (
    # Qt: the program is made of QtCore, QtGui, QtWidgets and QtPrintSupport. Its libraries lie in PySide6/Qt/lib as
    # libQt6Core.so.6 on Linux, in PySide6 as Qt6Core.dll on Windows
    ("PySide6/*qml/*", "Qt Quick is not used"),
    ("PySide6/plugins/qml*", "Qt Quick is not used"),
    ("*Qt6Qml*", "Qt Quick is not used"),
    ("*Qt6Quick*", "Qt Quick is not used"),
    ("PySide6/*translations/*_*.qm", "kept below for the languages of the program"),
    ("*Qt6Lottie*", "GPL-3 or commercial: may not be in an installer"),
    ("*Qt6QuickTimeline*", "GPL-3 or commercial: may not be in an installer"),
    ("*Qt6WaylandCompositor*", "GPL-3 or commercial: may not be in an installer"),
    ("*Qt6WaylandEglCompositorHwIntegration*", "GPL-3 or commercial: may not be in an installer"),
    ("*lottievectorimage*", "GPL-3 or commercial: may not be in an installer"),
    ("*/platforminputcontexts/*virtualkeyboard*", "GPL-3 or commercial: may not be in an installer"),
    ("*Qt6VirtualKeyboard*", "GPL-3 or commercial: may not be in an installer"),
    ("*/plugins/egldeviceintegrations/*", "screens without a window system"),
    ("*/plugins/platforms/libqeglfs*", "screens without a window system"),
    ("*/plugins/platforms/libqlinuxfb*", "screens without a window system"),
    ("*/plugins/platforms/libqvnc*", "a screen over the network: nothing may listen"),
    ("*/plugins/platforms/libqvkkhrdisplay*", "screens without a window system"),
    ("*libQt6EglFS*", "screens without a window system"),
    ("*libQt6EglFs*", "screens without a window system"),
    ("*/plugins/generic/*", "input of screens without a window system"),
    ("*Qt6Network*", "the program does not use the network"),
    ("*/plugins/networkinformation/*", "the program does not use the network"),
    ("*/plugins/tls/*", "the program does not use the network"),
    ("*/plugins/platformthemes/libqgtk3*", "would bring half a desktop; its dialogs are not used"),
    ("*/plugins/platforms/*qminimal*", "tests of Qt"),
    ("*/plugins/imageformats/*qpdf*", "pictures are read by Pillow and OpenCV; PDF of reports by reportlab"),
    # the same under the names of Windows, where Qt lies in PySide6/ itself
    ("PySide6/Qt6Labs*", "Qt Quick is not used"),
    ("PySide6/opengl32sw.dll", "nothing draws with OpenGL"),
    ("*/plugins/platforms/qdirect2d*", "qwindows draws the window"),
    ("*/plugins/designer/*", "for making windows"),
    ("*/plugins/qmllint/*", "Qt Quick is not used"),
    ("*/plugins/qmltooling/*", "Qt Quick is not used"),
    ("*/plugins/sqldrivers/*", "libraries are opened by SQLAlchemy"),
    # torch: headers and static libraries are for whoever compiles against it
    ("torch/include/*", "headers"),
    ("torch/share/*", "build files"),
    ("torch/bin/test*", "tests"),
    ("torch/bin/*Test", "tests"),
    ("torch/bin/protoc*", "compilers of model files"),
    ("torch/bin/*.p*t*", "models of tests"),
    ("torch/test/*", "tests"),
    ("torch/lib/*test*.so", "tests"),
    ("torch/lib/libaoti_custom_ops.so", "tests"),
    ("torch/lib/*.a", "static libraries"),
    ("torch/lib/*.lib", "static libraries"),
    ("PIL/_avif*", "AVIF is not among the kinds of pictures that are read"),
    ("numpy/_core/*_tests*", "tests"),
    ("PIL/_imagingtk*", "for windows of Tk"),
    ("pyqtgraph/icons/peegee/*", "its logo"),
    ("pyqtgraph/colors/*", "colours of maps are our own"),
    ("openvino/libs/*.cpython-*", "there a second time: openvino/ and openvino/frontend/ have them"),
    ("torch/lib/*.pdb", "names for debuggers"),
    ("torch/lib/libiompstubs5md.dll", "OpenMP for one thread; libiomp5md is used"),
    # OpenVINO: one device, one kind of file
    ("openvino/libs/*intel_gpu*", "the engine runs on the processor"),
    ("openvino/libs/*intel_npu*", "the engine runs on the processor"),
    ("openvino/libs/*npu*", "the engine runs on the processor"),
    ("openvino/libs/*auto_plugin*", "devices are not chosen: it is the processor"),
    ("openvino/libs/*auto_batch*", "devices are not chosen: it is the processor"),
    ("openvino/libs/*hetero*", "devices are not chosen: it is the processor"),
    ("openvino/libs/*tensorflow*", "models are its own form or come from torch in memory"),
    ("openvino/libs/*paddle*", "models are its own form or come from torch in memory"),
    ("openvino/libs/*jax*", "models are its own form or come from torch in memory"),
    ("openvino/libs/*_onnx_*", "models are its own form or come from torch in memory"),
    ("openvino/libs/*gguf*", "models are its own form or come from torch in memory"),
    ("openvino/frontend/jax/*", "models are its own form or come from torch in memory"),
    ("openvino/libs/cache.json", "of the graphics card"),
    ("openvino/libs/*openvino_c.so*", "for programs in C"),
    ("openvino/libs/openvino_c.dll", "for programs in C"),
    ("openvino/libs/*.lib", "static libraries"),
    ("openvino/libs/*.pdb", "names for debuggers"),
    ("openvino/cmake/*", "build files"),
    ("openvino/tools/*", "command lines"),
    # how a package came to be installed, which is not the same on two computers
    ("*-info/SOURCES.txt", "of whoever built it"),
    ("*-info/direct_url.json", "of whoever built it"),
    ("*.dist-info/REQUESTED", "of whoever built it"),
    ("*.dist-info/INSTALLER", "of whoever built it"),
    ("*.dist-info/RECORD", "of whoever built it"),
    ("openvino/include/*", "headers"),
)  # fmt: skip
# What wheels hold and PyInstaller does not take: the bundle that is assembled from wheels goes without it too.
OF_WHEELS = (
    ("*.pyi", "types, for whoever writes programs"),
    ("*.pxd", "for whoever compiles"),
    ("*.pyx", "for whoever compiles"),
    ("*.c", "for whoever compiles"),
    ("*.cpp", "for whoever compiles"),
    ("*.h", "headers"),
    ("*.a", "static libraries"),
    ("*.lib", "static libraries"),
    ("*.pdb", "names for debuggers"),
    ("*/tests/*", "tests"),
    ("PySide6/*.exe", "tools for whoever writes programs"),
    ("PySide6/Qt6Concurrent*", "not used"),
    ("PySide6/Qt6Designer*", "for making windows"),
    ("PySide6/Qt6Help*", "not used"),
    ("PySide6/Qt6Sql*", "libraries are opened by SQLAlchemy"),
    ("PySide6/Qt*SvgWidgets*", "not used"),
    ("PySide6/QtQuickTest*", "tests"),
    ("PySide6/pyside6qml*", "Qt Quick is not used"),
    ("PySide6/Qt6Test*", "tests"),
    ("PySide6/Qt6UiTools*", "for making windows"),
    ("PySide6/doc/*", "for whoever writes programs"),
    ("PySide6/glue/*", "for whoever compiles"),
    ("PySide6/include/*", "headers"),
    ("PySide6/metatypes/*", "for whoever compiles"),
    ("PySide6/resources/*", "of Qt WebEngine, which is not there"),
    ("PySide6/scripts/*", "tools for whoever writes programs"),
    ("PySide6/typesystems/*", "for whoever compiles"),
    ("pydicom/data/test_files/*", "tests"),
)  # fmt: skip
# modules that come along because something names them, by the beginning of their names
PURE = ("pygments.lexers.", "pygments.styles.", "pygments.formatters.",
        "torch.distributed.pipelining.", "torch.ao.ns.", "torch._inductor.", "torch.testing._internal.")  # fmt: skip
# of these, what is imported all the same: by torch's optimisers, while they find out whether they are being compiled
PURE_STAYS = (
    "pygments.lexers._mapping", "pygments.lexers.python", "pygments.styles.default", "pygments.styles._mapping",
    "pygments.formatters._mapping",
    *(f"torch._inductor.{name}" for name in (
        "_functionalize_collectives", "analysis", "analysis.device_info", "config", "cpp_builder", "cpu_vec_isa",
        "cudagraph_utils", "custom_graph_pass", "exc", "runtime", "runtime.cache_dir_utils", "runtime.hints",
        "runtime.runtime_utils", "standalone_compile", "test_operators", "utils",
    )),
    "torch.testing._internal.common_dtype", "torch.testing._internal.distributed",
    "torch.testing._internal.distributed.fake_pg", "torch.testing._internal.logging_tensor",
)  # fmt: skip
# torch reads the source of these, and of what lies at its top, while it is imported (settings, overloads, operators);
# of its other modules, 30 MB, only the compiled ones come along
SOURCES = (
    "torch/*/config.py", "torch/*/_config.py", "torch/nn/*", "torch/optim/*", "torch/jit/*", "torch/utils/*",
    "torch/autograd/*", "torch/compiler/*", "torch/cuda/*", "torch/xpu/*", "torch/mtia/*", "torch/_library/*",
    "torch/_native/*", "torch/onnx/ops/*", "torch/distributed/optim/*", "torch/distributed/_functional_collectives.py",
    "torch/distributed/tensor/_collective_utils.py", "torch/_dynamo/_trace_wrapped_higher_order_op.py",
    "torch/_dynamo/eval_frame.py", "torch/_dynamo/variables/streams.py",
)  # fmt: skip
_TESTS = (".tests.",)

# Libraries of the computer that builds which come along: of Python itself, where versions of systems differ. All others
# (X, GLib, fonts, the C library and C++'s) are the system's own on every computer and declared (`debian.DEPENDS`).
OF_PYTHON = ("libpython3", "libssl.", "libcrypto.", "libbz2.", "libffi.", "liblzma.", "libsqlite3.", "libuuid.")
_OF_SYSTEM = ("/usr/lib/", "/lib/")
QT_LANGUAGES = ("qtbase_zh_CN.qm", "qtbase_es.qm", "qtbase_fr.qm", "qtbase_en.qm")


def why_not(path: str) -> str:
    """Why the file at `path` in the bundle is left out; "" where it stays."""
    path = path.replace("\\", "/")
    if path.endswith(QT_LANGUAGES):
        return ""
    if path.startswith("torch/") and path.endswith(".py") and not _is_source_read(path):
        return "compiled is enough"
    return next((why for pattern, why in FILES if fnmatch(path, pattern)), "")


def why_not_of_wheel(path: str) -> str:
    """Why the file at `path` of a wheel is left out of what is assembled from wheels; "" where it stays."""
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    if any(f"{module}.".startswith(f"{name}.") for name in MODULES):
        return "a module that is not used"
    if module.startswith(PURE) and module not in PURE_STAYS:
        return "a module that is not used"
    why = next((why for pattern, why in OF_WHEELS if fnmatch(path, pattern)), "")
    return why or ("" if path.endswith(".py") else why_not(path))  # PyInstaller's modules are no files, and stay


def kept(entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Of PyInstaller's (path, source, kind), those that stay."""
    return [
        entry
        for entry in entries
        if not why_not(entry[0]) and not _is_of_system(*entry[:2]) and not (entry[2] == "SYMLINK" and why_not(entry[1]))
    ]


def kept_modules(entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Of PyInstaller's (module, source, kind), those that stay."""
    return [
        entry
        for entry in entries
        if entry[0] in PURE_STAYS or not (entry[0].startswith(PURE) or any(word in entry[0] for word in _TESTS))
    ]


def _is_source_read(path: str) -> bool:
    return path.count("/") == 1 or any(fnmatch(path, pattern) for pattern in SOURCES)


def _is_of_system(path: str, source: str) -> bool:
    name = path.rpartition("/")[2]
    return source.startswith(_OF_SYSTEM) and ".so" in name and not name.startswith(OF_PYTHON)
