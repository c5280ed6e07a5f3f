"""Archives that tests make for themselves, honest and other ones."""

import io
import tarfile
import zipfile


def zip_bytes(files):
    """A zip of name → contents; a name may also be a `ZipInfo`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_bytes(files, *, compression="gz"):
    """A tar of name → contents, or → what to set of a `TarInfo` that has none, as `{"type": tarfile.SYMTYPE}`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, dict):
                for key, value in data.items():
                    setattr(info, key, value)
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def tree(folder):
    """Names and contents of all files in a folder and its subfolders."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
