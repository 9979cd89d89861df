"""Small drawn faces with exact landmarks, in the 300VW layout: test data that needs no download and shows nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 160, 140


def landmarks(clip: int, frame: int) -> npt.NDArray[np.float64]:
    """68 points [68,2] in 0-based pixels of a face whose shape depends on the clip and whose motion on the frame."""
    random = np.random.default_rng(clip)
    wide, tall, eyes = random.uniform([30, 36, 12], [40, 44, 16])
    centre = np.array([WIDTH / 2 + 6 * np.sin(frame / 9), HEIGHT / 2 + 4 * np.cos(frame / 7)])
    mouth = 3 + 3 * np.sin(frame / 2) ** 2

    def ring(x: float, y: float, width: float, height: float, angles: npt.NDArray[np.float64]) -> list[list[float]]:
        return [[x + width * np.cos(angle), y + height * np.sin(angle)] for angle in angles]

    points = ring(0, -5, wide, tall, np.linspace(np.pi, 0, 17))
    points += [[x, -22 - 3 * np.sin((x + 26) / 6)] for x in np.linspace(-26, -8, 5)]
    points += [[x, -22 - 3 * np.sin((26 - x) / 6)] for x in np.linspace(8, 26, 5)]
    points += [[0, y] for y in np.linspace(-12, 3, 4)] + [[x, 7] for x in np.linspace(-6, 6, 5)]
    around = np.array([np.pi, 1.3 * np.pi, 1.7 * np.pi, 0, 0.3 * np.pi, 0.7 * np.pi])
    points += ring(-eyes, -12, 6, 3, around) + ring(eyes, -12, 6, 3, around)
    points += ring(0, 18, 12, 3 + mouth, np.linspace(np.pi, 3 * np.pi, 13)[:-1])
    points += ring(0, 18, 8, mouth, np.linspace(np.pi, 3 * np.pi, 9)[:-1])
    turn = 0.15 * np.sin(frame / 11)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(np.array(points) @ rotation.T + centre)


def draw(clip: int, frame: int) -> npt.NDArray[np.uint8]:
    """The face [HEIGHT,WIDTH,3] RGB on a plain ground."""
    random = np.random.default_rng(1000 + clip)
    ground, hair, skin, lips, iris = (tuple(int(c) for c in random.integers(40, 220, 3)) for _ in range(5))
    image = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    points = landmarks(clip, frame)
    head = points[[0, 16]].mean(axis=0)
    width = float(np.linalg.norm(points[16] - points[0])) / 2
    cv2.ellipse(image, _at(head - [0, 8]), (round(width * 1.15), round(width * 1.4)), 0, 180, 360, hair, -1)
    cv2.fillPoly(image, [_poly(np.concatenate([points[:17], points[[26, 24, 19, 17]] - [0, 12]]))], skin)
    for first, last in ((17, 22), (22, 27), (27, 31), (31, 36)):
        cv2.polylines(image, [_poly(points[first:last])], False, hair, 1)
    for first in (36, 42):
        cv2.fillPoly(image, [_poly(points[first : first + 6])], (250, 250, 250))
        cv2.circle(image, _at(points[first : first + 6].mean(axis=0)), 2, iris, -1)
    cv2.fillPoly(image, [_poly(points[48:60])], lips)
    cv2.fillPoly(image, [_poly(points[60:68])], (30, 10, 10))
    return image


def _poly(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.round(points).astype(np.int32)


def _at(point: npt.NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def pts_text(points: npt.NDArray[np.float64], version: str = "1", newline: str = "\n", decimals: int = 3) -> str:
    """A .pts file of 0-based points, which it stores 1-based."""
    rows = [f"{x + 1:.{decimals}f} {y + 1:.{decimals}f}" for x, y in points]
    return newline.join([f"version: {version}", "n_points: 68", "{", *rows, "}", ""])


def write_video(path: Path, frames: list[npt.NDArray[np.uint8]], fps: float = 25.0, codec: str = "MJPG") -> None:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()


def write_clip(folder: Path, clip: int, frames: int) -> None:
    """`vid.avi` and one .pts file a frame."""
    (folder / "annot").mkdir(parents=True)
    write_video(folder / "vid.avi", [draw(clip, frame) for frame in range(frames)])
    for frame in range(frames):
        text = pts_text(landmarks(clip, frame), newline="\r\n" if frame % 2 else "\n")
        (folder / "annot" / f"{frame + 1:06d}.pts").write_bytes(text.encode())


def write_tree(root: Path, clips: Mapping[str, int]) -> None:
    """A tree of clips: name -> number of frames."""
    for number, (name, frames) in enumerate(clips.items()):
        write_clip(root / name, number, frames)
