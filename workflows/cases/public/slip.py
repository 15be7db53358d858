"""The square code on the print slip."""

import qrcode


def qr_path(address: str) -> tuple[str, int]:
    """(SVG path of the dark modules, side length in modules with its quiet zone)."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(address)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return path, len(rows)
