"""Makes a virtual environment with pip in it, quickly.

Arguments: the environment's folder, and a folder that keeps pip for all of them.
pip is not copied into each environment but found through a .pth file; an
upgrade of it lands in the environment and goes first. Prints one JSON object.
"""
import glob
import json
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import zipfile


def wheels():
    """The wheels of pip, and of setuptools where Python comes with it."""
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"]
    try:
        import ensurepip
        folders.insert(0, os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"))
    except ImportError:
        pass  # distributions pack it apart
    wanted = ["pip"] if sys.version_info >= (3, 12) else ["pip", "setuptools"]
    for folder in filter(None, folders):
        found = [max(glob.glob(os.path.join(folder, name + "-*.whl")), default=None) for name in wanted]
        if found[0]:
            return [wheel for wheel in found if wheel]
    return []


def installed_pip():
    """The pip that the interpreter itself has, as folders."""
    try:
        import pip
    except ImportError:
        return []
    here = os.path.dirname(os.path.dirname(pip.__file__))
    return [os.path.dirname(pip.__file__)] + glob.glob(os.path.join(here, "pip-*.dist-info"))


def keep_pip(seed):
    """Unpacks pip into seed, unless it is there; whole or not at all."""
    if os.path.isdir(seed):
        return
    os.makedirs(os.path.dirname(seed), exist_ok=True)
    temp = tempfile.mkdtemp(dir=os.path.dirname(seed))
    try:
        packed, folders = wheels(), []
        for wheel in packed:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(temp)
        if not packed:
            folders = installed_pip()
            for folder in folders:
                shutil.copytree(folder, os.path.join(temp, os.path.basename(folder)))
        if not packed and not folders:
            sys.exit(f"{sys.executable} comes without pip: install it (python3-venv or python3-pip on Debian and Ubuntu)")
        os.chmod(temp, 0o755)
        os.rename(temp, seed)
    except OSError:
        if not os.path.isdir(seed):  # else another process was faster
            raise
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def make(target, seed):
    import venv

    venv.EnvBuilder(symlinks=True, with_pip=False).create(target)
    site = glob.glob(os.path.join(target, "lib", "python*", "site-packages"))[0]
    with open(os.path.join(site, "pip-of-this-machine.pth"), "w") as pth:
        pth.write(seed + "\n")
    for name in ("pip", "pip3", "pip%d.%d" % sys.version_info[:2]):
        script = os.path.join(target, "bin", name)
        with open(script, "w") as out:
            out.write(f"#!{target}/bin/python\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n")
        os.chmod(script, 0o755)


def main():
    target, keep = sys.argv[1:]
    version = platform.python_version()
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    seed = os.path.join(keep, version + free)
    keep_pip(seed)
    if not os.path.exists(os.path.join(target, "bin", "pip")):
        try:
            make(target, seed)
        except ImportError as e:
            sys.exit(f"{sys.executable} can't make virtual environments ({e}): install python3-venv")
    print(json.dumps({
        "implementation": platform.python_implementation(),
        "version": version + free,
        "base": sys.base_prefix,
        "shared": bool(glob.glob(os.path.join(sys.base_prefix, "lib", "libpython*.so*"))),
    }))


main()
