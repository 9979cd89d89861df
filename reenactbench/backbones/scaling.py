"""Pictures are made smaller before a network that was not made for large ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Reduced:
    """A picture made smaller, and the way from pixels of the one to pixels of the other.

    In both the centre of the first pixel is (0, 0).
    """

    image: npt.NDArray[np.uint8]
    ratio: npt.NDArray[np.float64]
    """[2]: width and height over those of the original, 1 at most."""

    def there(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points [...,2] of the original in pixels of the reduced picture."""
        return points * self.ratio + (self.ratio - 1) / 2

    def back(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points [...,2] of the reduced picture in pixels of the original."""
        return (points - (self.ratio - 1) / 2) / self.ratio


def reduced(image: npt.NDArray[np.uint8], factor: float) -> Reduced:
    """An image [H,W,3] with sides `factor` times shorter, in whole pixels, by averaging areas; itself up to 1."""
    height, width = image.shape[:2]
    if factor <= 1:
        return Reduced(image, np.ones(2))
    small = max(1, round(width / factor)), max(1, round(height / factor))
    averaged = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
    return Reduced(averaged, np.array([small[0] / width, small[1] / height]))
