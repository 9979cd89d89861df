"""A person in a setting, who can be shown making any motion."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.backdrop.backdrop import draw_backdrop
from reenactbench.datasets.synthetic.body.anatomy import EYE_RADIUS
from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head, topology
from reenactbench.datasets.synthetic.body.parts import Parts
from reenactbench.datasets.synthetic.body.skin import paint, skin_tone, texture_coordinates
from reenactbench.datasets.synthetic.body.torso import follows, torso
from reenactbench.datasets.synthetic.drawing import camera, light
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints, Surface
from reenactbench.datasets.synthetic.hair.beard import beard, stubble_cover
from reenactbench.datasets.synthetic.hair.hair import hair, scalp_cover
from reenactbench.datasets.synthetic.hair.ribbons import ribbon_faces, ribbon_vertices, strand_light, tangents
from reenactbench.datasets.synthetic.hair.strands import Strands
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX, SHAPE_INDEX, Identity, Setting, Vector
from reenactbench.datasets.synthetic.posing import Posing, turning

SUPERSAMPLING = 1.5
MOUTH_OPEN = 0.7  # cm between the lips that let all light in
NOWHERE = -9999.0  # texels: no skin at this pixel
SHADOW_SMOOTHING = 3
STRANDS_FACING = -0.45  # strands that face away further than this are hidden by the head
UNEVEN, UNDER_HAIR = 0.6, 0.15  # cm that a visible landmark may lie behind the nearest pixel of skin, and of hair
GLOSS = 0.075
CATCH = 0.04  # cm: less than a lid is thick, so that a closed eye mirrors nothing
FOLDS = ((0.85, 0.55, 0.5), (0.85, 0.55, 0.5), (0.45, 0.16, 0.16))  # colours of the insides of lids and lips
LINING, CHEEKS = np.array([0.045, 0.012, 0.01], np.float32), 11.0  # colour of the cheeks' inner side; cm of chart
TO_CAMERA = np.array([0, 0, 1], np.float32)


class Shot(NamedTuple):
    """One frame with its exact labels."""

    image: npt.NDArray[np.uint8]
    """[S,S,3] RGB."""
    landmarks: Floats
    """[68,2] 0-based pixels: points fixed on the mesh, on the jaw too (not the visible contour)."""
    visible: npt.NDArray[np.bool_]
    """[68]: in the picture and not hidden behind anything."""


class Actor:
    """An identity in a setting."""

    def __init__(self, identity: Identity, setting: Setting) -> None:
        looks = identity.looks
        self._identity = identity
        self._head = Head(identity.shape)
        self._parts = Parts(identity, self._head)
        self._hair = hair(looks, self._head, np.random.default_rng([looks.seed, 2]))
        self._beard = beard(looks, self._head, np.random.default_rng([looks.seed, 3]))
        colour = np.array(looks.hair_colour, np.float32)
        self._texture = paint(identity, self._head, stubble_cover(looks, self._head), colour)
        self._tint = _tint(scalp_cover(looks, self._head), 0.55 * colour / skin_tone(looks))
        vertices, self._head_normals = self._at_rest()
        self._shadows = self._cast(vertices)
        self._head_reached = self._reach_head(vertices)
        self._dress(setting)

    def with_setting(self, setting: Setting) -> Actor:
        """The same person in another setting; quicker than a new one."""
        other = object.__new__(Actor)
        other.__dict__.update(self.__dict__)
        other._dress(setting)
        return other

    def render(self, motion: Vector, size: int = 128) -> Shot:
        """The person making a motion [19], as a picture of size x size with exact labels."""
        posing = Posing(motion)
        turned, placed, turn = posing.turned, posing.placed, posing.rotation
        unturned = self._head.vertices(motion)
        skin = posing.skin(unturned)
        parts, part_normals = self._parts.moved(motion)
        normals = np.concatenate([_skin().normals(skin), part_normals @ turn.T, self._torso_normals])
        collar = self._torso_follows * turned(self._torso.vertices) + (1 - self._torso_follows) * self._torso.vertices
        vertices = placed(np.concatenate([skin, turned(parts), collar]))
        colours, shine = self._coloured(vertices, normals, turn, _mouth_gap(skin))

        side = round(size * SUPERSAMPLING)
        picture, depth = self._backdrop(side).copy(), camera.blank_depth(side)
        self._draw_solid(vertices, colours, shine, picture, depth)
        found = vertices[chart().landmarks]
        visible = camera.visible(found, depth, UNEVEN)
        for strands, points in ((self._hair, self._hair.points), (self._beard, self._beard_points(unturned))):
            if len(points):
                self._draw_strands(strands, placed(turned(points)), turn, posing.scale, picture, depth)
        self._catch_light(picture, depth, placed(turned(self._head.eyes)), posing.scale * EYE_RADIUS)
        visible &= camera.visible(found, depth, UNDER_HAIR)
        return Shot(camera.developed(picture, size), camera.pixels(found, size), visible)

    def _at_rest(self) -> tuple[Floats, Floats]:
        """Vertices and normals of the head and its parts."""
        still = np.zeros(len(MOTION_INDEX), np.float32)
        skin = self._head.vertices(still)
        parts, part_normals = self._parts.moved(still)
        return np.concatenate([skin, parts]), np.concatenate([_skin().normals(skin), part_normals])

    def _cast(self, head: Floats) -> light.Shadows:
        """The shadows of the head [V,3] with its hair, and of a plainly dressed body."""
        faces, skin = self._parts.mesh.faces, len(turning())
        outside = faces[faces[:, 0] < self._parts.mouth.start] + np.int32(skin)
        body = torso("tee", np.full(3, 0.5, np.float32), skin_tone(self._identity.looks), self._neck())
        solid = np.concatenate([chart().coarse, outside, body.faces + np.int32(len(head))], dtype=np.int32)
        points, widths = self._hair.points[::4, ::2], 4 * self._hair.widths[::4, ::2]
        sheets = ribbon_vertices(points, tangents(points), widths, np.array([0, 0.5, 0.87], np.float32))
        return light.Shadows(
            (np.concatenate([head, body.vertices]), solid), (sheets, ribbon_faces(points.shape[1], len(points)))
        )

    def _reach_head(self, vertices: Floats) -> Floats:
        """[V,60]: from which directions light reaches the head and its parts."""
        skin, mouth = len(turning()), self._parts.mouth
        surface = Surface(
            np.concatenate([_skin().faces, self._parts.mesh.faces + np.int32(skin)], dtype=np.int32), len(vertices)
        )
        reached = surface.smoothed(self._shadows.reached(vertices, self._head_normals), SHADOW_SMOOTHING)
        inside = slice(skin + mouth.start, skin + mouth.stop)
        reached[inside] = np.clip((vertices[inside, 2:] - 5.5) / 5.0, 0.06, 0.8)  # what gets into an open mouth
        return reached

    def _dress(self, setting: Setting) -> None:
        clothes, tone = np.array(setting.clothes_colour, np.float32), skin_tone(self._identity.looks)
        self._setting = setting
        self._torso = torso(setting.clothes, clothes, tone, self._neck())
        self._torso_follows = follows(self._torso.vertices)[:, None]
        surface = Surface(self._torso.faces, len(self._torso.vertices))
        self._torso_normals = surface.normals(self._torso.vertices)
        reached = surface.smoothed(self._shadows.reached(self._torso.vertices, self._torso_normals), SHADOW_SMOOTHING)
        self._reached = np.concatenate([self._head_reached, reached])
        normals = np.concatenate([self._head_normals, self._torso_normals])
        self._opening = light.ambient_opening(self._reached, normals)
        self._backdrops: dict[int, Floats] = {}

    def _neck(self) -> float:
        return float(self._identity.shape[SHAPE_INDEX["neck_width"]])

    def _beard_points(self, skin: Floats) -> Floats:
        moved = skin[self._beard.roots] - self._head.neutral[self._beard.roots]
        return np.asarray(self._beard.points + moved[:, None])

    def _coloured(self, vertices: Floats, normals: Floats, turn: Floats, gap: float) -> tuple[Floats, Floats]:
        """Colours [V,3], of the skin without its texture, and shine [V]."""
        skin, body = len(turning()), len(self._head_reached)
        lamps = light.lamps(self._setting)
        on_head = np.stack([light.shadow_weights(turn.T @ lamp.towards) for lamp in lamps], axis=1)
        on_body = np.stack([light.shadow_weights(lamp.towards) for lamp in lamps], axis=1)
        arrives = np.concatenate([self._reached[:body] @ on_head, self._reached[body:] @ on_body])
        colours, shine = light.vertex_light(self._setting, normals, arrives, self._opening)
        shine *= GLOSS * (0.4 + self._identity.looks.gloss)
        colours[:skin] *= self._tint
        for at, lids in zip(self._parts.eyes, chart().lids, strict=True):
            eye = slice(skin + at.start, skin + at.stop)
            colours[eye] *= _lid_shadow(vertices[eye], vertices[lids[0, :16]])[:, None]
        colours[skin + self._parts.mouth.start : skin + self._parts.mouth.stop] *= min(gap / MOUTH_OPEN, 1)
        colours[skin:body] *= self._parts.mesh.albedo
        colours[skin:body] += 0.4 * (shine[skin:body] * self._parts.mesh.gloss)[:, None]
        colours[body:] *= self._torso.albedo
        return colours, shine

    def _draw_solid(self, vertices: Floats, colours: Floats, shine: Floats, picture: Floats, depth: Floats) -> None:
        """Draw everything but hair in place. The skin is drawn twice: the second time for its texture's places."""
        skin, body, side = len(turning()), len(self._head_reached), len(picture)
        others = np.concatenate(
            [self._parts.mesh.faces + np.int32(skin), self._torso.faces + np.int32(body)], dtype=np.int32
        )
        shown = camera.facing(vertices, _skin().faces)
        lining, lining_faces = _lining()
        points = np.concatenate([vertices, vertices[lining]])
        others = np.concatenate([others, lining_faces + np.int32(len(vertices))])
        faces = np.concatenate([shown, camera.facing(points, others)])
        painted = np.concatenate([colours, np.tile(LINING, (len(lining), 1))])
        camera.draw(points, faces, painted, picture, depth, two_sided=False)
        texels, skin_depth = np.full((side, side, 3), NOWHERE, np.float32), camera.blank_depth(side)
        places = np.column_stack([_texels(), shine[:skin]])
        camera.draw(vertices[:skin], shown, places, texels, skin_depth, two_sided=False)
        bare = (depth == skin_depth) & (texels[..., 0] != NOWHERE)
        rows, columns = np.flatnonzero(bare.any(axis=1)), np.flatnonzero(bare.any(axis=0))
        if len(rows):
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            u, v, spark = cv2.split(texels[box])
            painted = cv2.remap(self._texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            np.copyto(picture[box], picture[box] * painted + spark[..., None], where=bare[box][..., None])

    def _draw_strands(
        self, strands: Strands, points: Floats, turn: Floats, scale: float, picture: Floats, depth: Floats
    ) -> None:
        normals = strands.normals @ turn.T
        shown = np.flatnonzero(normals[..., 2].max(axis=1) > STRANDS_FACING)
        along = tangents(points[shown])
        colours = strand_light(self._setting, along, normals[shown], strands.albedo[shown])
        colours *= strands.depth[shown][..., None]
        edges = ribbon_vertices(points[shown], along, strands.widths[shown] * scale, TO_CAMERA)
        both = np.repeat(colours.reshape(-1, 3), 2, axis=0).astype(np.float32)
        faces = ribbon_faces(points.shape[1], len(shown))
        camera.draw(edges.astype(np.float32), faces, both, picture, depth, two_sided=True)

    def _catch_light(self, picture: Floats, depth: Floats, eyes: Floats, radius: float) -> None:
        """The key light mirrored in eyes with centres [2,3], in place."""
        size = len(picture)
        towards = light.lamps(self._setting)[0].half
        for spot in eyes + radius * towards:
            x, y = camera.pixels(spot[None], size)[0]
            column, row = round(float(x)), round(float(y))
            inside = 4 <= column < size - 4 and 4 <= row < size - 4
            if inside and camera.DISTANCE - spot[2] < depth[row, column] + CATCH:
                rows, columns = np.mgrid[row - 3 : row + 4, column - 3 : column + 4]
                glow = 0.8 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (size / 256) ** 2))
                picture[row - 3 : row + 4, column - 3 : column + 4] += glow[..., None].astype(np.float32)

    def _backdrop(self, side: int) -> Floats:
        if side not in self._backdrops:
            self._backdrops[side] = camera.exposed(draw_backdrop(self._setting.backdrop, side))
        return self._backdrops[side]


@cache
def _skin() -> Surface:
    """The head's skin with the folds of lids and lips."""
    return Surface(topology()[0], len(turning()))


@cache
def _lining() -> tuple[Ints, Ints]:
    """The inner side of the cheeks: vertices of the skin around the mouth, and faces over them turned inwards."""
    centres = chart().points[chart().faces].mean(axis=1)
    near = np.linalg.norm(centres - chart().points[chart().lips].mean(axis=0), axis=1) < CHEEKS
    vertices, faces = np.unique(chart().faces[near][:, ::-1], return_inverse=True)
    return vertices.astype(np.int32), faces.reshape(-1, 3).astype(np.int32)


@cache
def _texels() -> Floats:
    """[V,2]: where the skin's vertices lie in the texture; those of folds where their edge does."""
    known = texture_coordinates()
    return np.concatenate([known, *(known[fold.edge] for fold in topology()[1])])


def _tint(cover: Floats, under_hair: Floats) -> Floats:
    """[V,3]: by what the skin's colour is multiplied, under hair and in the folds."""
    tint = np.ones((len(turning()), 3), np.float32)
    tint[: len(cover)] += cover[:, None] * (under_hair - 1)
    for fold, inside in zip(topology()[1], FOLDS, strict=True):
        tint[fold.start : fold.start + len(fold.edge)] = inside
    return tint


def _mouth_gap(skin: Floats) -> float:
    """cm between the lips."""
    upper, lower = skin[chart().landmarks[[62, 66]]]
    return float(np.linalg.norm(upper - lower))


def _lid_shadow(eye: Floats, upper: Floats) -> Floats:
    """[V]: what an upper lid with this edge [16,3] and the corners of the eye leave of the light on an eyeball."""
    order = np.argsort(upper[:, 0], kind="stable")
    below = np.interp(eye[:, 0], upper[order, 0], upper[order, 1]) - eye[:, 1]
    corner = np.minimum(eye[:, 0] - upper[:, 0].min(), upper[:, 0].max() - eye[:, 0])
    under_lid = 0.34 + 0.66 * np.clip(below / 0.5, 0, 1) ** 0.8
    return np.asarray(under_lid * (0.55 + 0.45 * np.clip(corner / 0.55, 0, 1)), np.float32)
