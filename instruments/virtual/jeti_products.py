"""What the JETI specbos 1211 answers of a measured spectrum, as text.

Labels are those that public programs look for (ArgyllCMS: Luminance, Chrom_x, X; the SpectroCAL
toolboxes: the tab after the colon, Chrom_u'); the others are assumed.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledcal.instruments.virtual.emitters import Array
from ledcal.instruments.virtual.jeti_colour import Colour, colour
from ledcal.instruments.virtual.jeti_settings import PAIRS


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One measurement.

    Attributes:
        wavelength_nm: The configured grid. [nm]
        step_nm: Its step. [nm]
        shown: Irradiance or radiance on the grid. [W/m2/nm or W/sr/m2/nm]
        counts: The converter's counts on the grid, dark subtracted.
        irradiance: The irradiance head was on.
    """

    wavelength_nm: Array
    step_nm: float
    shown: Array
    counts: Array
    irradiance: bool

    def spectrum(self, form: int) -> str:
        """Write label, empty line, one value a line and an empty line (firmware 3.0 and later)."""
        label = (
            "Spectral irradiance[W/(sqm*nm)]:"
            if self.irradiance
            else "Spectral radiance[W/(sr*sqm*nm)]:"
        )
        return self._block(label, self.shown, form)

    def raw(self, form: int) -> str:
        """Write the counts in the same way (*MEAS without a product)."""
        return self._block("Counts[ADC]:", self.counts, form)

    def binary(self) -> bytes:
        """Return a prefix of two bytes and float32 values, little-endian, as spectraval does."""
        return struct.pack("<H", self.shown.size) + self.shown.astype("<f4").tobytes()

    def _block(self, label: str, values: Array, form: int) -> str:
        if form in PAIRS:
            pairs = zip(self.wavelength_nm, values, strict=True)
            lines = [f"{wavelength_nm:.0f}\t{value:.6E}" for wavelength_nm, value in pairs]
        else:
            lines = [f"{value:.6E}" for value in values]
        return "\r".join([label, "", *lines, ""])

    def radiometric(self) -> str:
        """Write the sum over the grid."""
        total = float(self.shown.sum()) * self.step_nm
        name = "Irradiance[W/sqm]" if self.irradiance else "Radiance[W/(sr*sqm)]"
        return f"{name}:\t{total:.6E}"

    def photometric(self) -> str:
        """Write the illuminance or luminance."""
        name = "Illuminance[lx]" if self.irradiance else "Luminance[cd/m^2]"
        return f"{name}:\t{self._colour().tristimulus[1]:.6E}"

    def chromaticity(self) -> str:
        """Write CIE 1931 x and y."""
        x, y = self._colour().chromaticity
        return f"Chrom_x:\t{x:.4f}\rChrom_y:\t{y:.4f}"

    def uniform_chromaticity(self) -> str:
        """Write CIE 1976 u' and v'."""
        u, v = self._colour().uniform
        return f"Chrom_u':\t{u:.4f}\rChrom_v':\t{v:.4f}"

    def tristimulus(self) -> str:
        """Write X, Y and Z."""
        values = zip("XYZ", self._colour().tristimulus, strict=True)
        return "\r".join(f"{name}:\t{value:.6E}" for name, value in values)

    def dominant(self) -> str:
        """Write dominant wavelength and purity."""
        found = self._colour()
        return f"Dom_WL[nm]:\t{found.dominant_nm:.1f}\rPurity[%]:\t{100.0 * found.purity:.2f}"

    def all_values(self) -> str:
        """Write eight lines: all of the above but the spectrum and the tristimulus values."""
        return "\r".join(
            (
                self.radiometric(),
                self.photometric(),
                self.chromaticity(),
                self.uniform_chromaticity(),
                self.dominant(),
            )
        )

    def _colour(self) -> Colour:
        return colour(self.wavelength_nm, self.shown, self.step_nm)


PRODUCTS: Mapping[str, Callable[[Shot, int], str]] = {
    "SPRAD": Shot.spectrum,
    "RADIOmetric": lambda shot, _: shot.radiometric(),
    "PHOTOmetric": lambda shot, _: shot.photometric(),
    "CHROMXY": lambda shot, _: shot.chromaticity(),
    "CHROMUV": lambda shot, _: shot.uniform_chromaticity(),
    "XYZ": lambda shot, _: shot.tristimulus(),
    "DOMWL": lambda shot, _: shot.dominant(),
    "ALLVALues": lambda shot, _: shot.all_values(),
}
"""The products by the node that asks for them; each is told the form of the data."""
