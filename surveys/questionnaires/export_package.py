"""A questionnaire as a file to take away: a workbook, with its pictures a .zip."""

import io
import zipfile
from dataclasses import dataclass

from . import export_xlsform, pictures
from .schema import Questionnaire

ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Exported:
    data: bytes
    mimetype: str
    suffix: str


def export_package(form: Questionnaire, code: str) -> Exported:
    """`code` names the workbook in the .zip. A picture whose file is lost is left out."""
    workbook = export_xlsform.export(form)
    names = pictures.names_in(form)
    if not names:
        return Exported(workbook, export_xlsform.MIMETYPE, ".xlsx")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{code}.xlsx", workbook)
        for name in names:
            path = pictures.path_of(name)
            if path is not None and path.is_file():
                archive.write(path, name, zipfile.ZIP_STORED)
    return Exported(out.getvalue(), ZIP, ".zip")
