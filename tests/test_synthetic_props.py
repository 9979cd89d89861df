"""Ears, glasses, clothes and teeth are sound meshes of the right size in the right place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenactbench.datasets.synthetic.body.ear import ear, mirrored
from reenactbench.datasets.synthetic.body.glasses import glasses
from reenactbench.datasets.synthetic.body.teeth import follows_jaw, mouth_bag, teeth, tongue
from reenactbench.datasets.synthetic.body.torso import follows, torso
from reenactbench.datasets.synthetic.drawing.mesh import Mesh, merged
from reenactbench.datasets.synthetic.drawing.tube import tube
from reenactbench.datasets.synthetic.parameters import CLOTHES, GLASSES

Array = npt.NDArray[np.float64]

SKIN = np.array([0.5, 0.3, 0.2])
CLOTH = np.array([0.1, 0.2, 0.4])
EYES = np.array([[-3.15, 2.6, 7.0], [3.15, 2.6, 7.0]], np.float32)
BRIDGE = np.array([0.0, 2.95, 9.25], np.float32)
EARS = np.array([[-7.2, 2.6, -0.3], [7.2, 2.6, -0.3]], np.float32)
FACE_WIDTH = 13.6

deviations = st.floats(-2.5, 2.5)


def normals(mesh: Mesh) -> Array:
    """The normal [F,3] of every face, as long as twice its area."""
    corners = mesh.vertices.astype(float)[mesh.faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def centres(mesh: Mesh) -> Array:
    return np.asarray(mesh.vertices.astype(float)[mesh.faces].mean(axis=1))


def outwardness(mesh: Mesh, inside: npt.ArrayLike) -> float:
    """Six times the volume between the mesh and a point; positive where faces look away from it."""
    return float((normals(mesh) * (centres(mesh) - np.asarray(inside))).sum())


def rim(mesh: Mesh) -> npt.NDArray[np.int32]:
    """The directed edges [E,2] with a face on one side only."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    there = {(int(a), int(b)) for a, b in edges}
    assert len(there) == len(edges), "two faces run through an edge in the same direction"
    return np.array([edge for edge in there if edge[::-1] not in there], np.int32).reshape(-1, 2)


def is_sound(mesh: Mesh) -> None:
    """Types and ranges are those of a mesh, and neighbouring faces look to the same side."""
    assert mesh.vertices.dtype == mesh.albedo.dtype == mesh.gloss.dtype == np.float32
    assert mesh.faces.dtype == np.int32 and mesh.faces.shape[1:] == (3,)
    assert mesh.vertices.shape == mesh.albedo.shape == (len(mesh.gloss), 3)
    assert np.isfinite(mesh.vertices).all()
    assert mesh.albedo.min() >= 0 and mesh.albedo.max() <= 1 and mesh.gloss.min() >= 0 and mesh.gloss.max() <= 1
    assert set(mesh.faces.ravel().tolist()) == set(range(len(mesh.vertices)))
    assert (np.linalg.norm(normals(mesh), axis=1) > 0).all()
    rim(mesh)


def same(one: Mesh, other: Mesh) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


# ears


@settings(max_examples=20)
@given(deviations, deviations)
def test_an_ear_has_its_size_and_joins_the_head(size: float, angle: float) -> None:
    mesh = ear(size, angle, SKIN)
    is_sound(mesh)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert high[1] - low[1] == pytest.approx(6.14 * (1 + 0.08 * size), abs=0.01)
    assert 0.4 < high[2] < 0.8 and -3.7 < low[2] < -1.8
    assert 8.0 < high[0] < 9.9
    open_side = mesh.vertices[rim(mesh).ravel()]
    assert open_side[:, 0].max() < 7.0  # under the skin of the head
    assert outwardness(mesh, open_side.mean(axis=0)) > 0


def test_an_ear_is_fine_enough_for_light_and_small_enough_for_speed() -> None:
    assert 500 <= len(ear(0, 0, SKIN).vertices) <= 900


@given(deviations, st.floats(-2.5, 2.0))
def test_the_angle_moves_an_ear_off_the_head(size: float, angle: float) -> None:
    assert ear(size, angle + 0.5, SKIN).vertices[:, 0].max() > ear(size, angle, SKIN).vertices[:, 0].max()


def test_an_ear_has_the_relief_of_one() -> None:
    mesh = ear(0, 0, SKIN)
    x, y, z = mesh.vertices.T

    def height(up: float, back: float) -> float:
        """x of the outermost vertex near a place seen from the side."""
        near = np.hypot(y - up, -z - back) < 0.25
        return float(x[near].max())

    concha, antihelix, tragus, helix = height(-0.5, 0.5), height(0.5, 1.5), height(-0.5, -0.4), height(1.0, 2.3)
    assert min(antihelix, tragus, helix) > concha + 0.25
    canal = np.argmin(mesh.albedo.sum(axis=1))
    assert abs(y[canal] + 0.4) < 0.3 and mesh.albedo[canal].sum() < 0.5 * SKIN.sum()


def test_the_lobe_and_the_rim_are_redder_than_the_skin() -> None:
    mesh = ear(0, 0, SKIN)
    redness = mesh.albedo[:, 0] / mesh.albedo[:, 1]
    lobe = mesh.vertices[:, 1] < -2.5
    assert redness[lobe].mean() > 1.05 * SKIN[0] / SKIN[1]


def test_the_other_ear_is_the_mirror_image() -> None:
    right = ear(1, -1, SKIN)
    left = mirrored(right)
    is_sound(left)
    assert left.vertices[:, 0].max() < 0
    assert outwardness(left, [-7, 0, -1]) == pytest.approx(outwardness(right, [7, 0, -1]))
    assert same(mirrored(left), right)


# teeth


def test_teeth_lie_where_the_lips_expect_them() -> None:
    upper, lower = teeth()
    for mesh in (upper, lower):
        is_sound(mesh)
        assert mesh.vertices[:, 0].min() == pytest.approx(-mesh.vertices[:, 0].max(), abs=1e-5)
    assert upper.vertices[:, 2].max() == pytest.approx(9.7, abs=0.1)
    assert upper.vertices[:, 1].min() == pytest.approx(-4.75, abs=0.05)
    assert lower.vertices[:, 1].max() == pytest.approx(-4.8, abs=0.1)
    assert 5.2 < np.ptp(upper.vertices[:, 0]) < 6.0  # to the outer side of the first molars
    assert lower.vertices[:, 2].max() < upper.vertices[:, 2].max() - 0.2


@pytest.mark.parametrize("row", [0, 1])
def test_the_front_of_the_teeth_faces_the_camera(row: int) -> None:
    mesh = teeth()[row]
    enamel = mesh.albedo[mesh.faces].mean(axis=1)[:, 1] > 0.4
    front = enamel & (centres(mesh)[:, 2] > mesh.vertices[:, 2].max() - 0.5)
    assert front.sum() > 30 and np.mean(normals(mesh)[front, 2] > 0) > 0.85  # the rest are the backs of the edges


def test_the_mouth_holds_teeth_and_tongue() -> None:
    bag, contents = mouth_bag(), merged([*teeth(), tongue()])
    is_sound(bag)
    is_sound(tongue())
    towards = ((np.array([0, -4.7, 7.5]) - centres(bag)) * normals(bag)).sum(axis=1)
    assert (towards > 0).all()
    away = contents.vertices[:, None] - centres(bag)
    nearest = np.linalg.norm(away, axis=2).argmin(axis=1)
    inside = (away[np.arange(len(away)), nearest] * normals(bag)[nearest]).sum(axis=1)
    assert (inside > 0).mean() > 0.98  # the fronts of the incisors may look out
    assert contents.vertices[:, 2].max() < bag.vertices[:, 2].max() < 10.0
    assert bag.vertices[rim(bag).ravel(), 2].min() > 8.0  # open to the front, nowhere else
    assert len(bag.vertices) + len(contents.vertices) <= 900


def test_the_floor_of_the_mouth_follows_the_jaw_and_its_roof_stays() -> None:
    bag = mouth_bag().vertices
    share = follows_jaw(bag)
    assert share.min() == 0 and share.max() == 1
    assert (share[bag[:, 1] < -5.2] == 1).all() and (share[bag[:, 1] > -4.2] == 0).all()


def test_the_tongue_faces_up_and_lies_within_the_lower_teeth() -> None:
    mesh, (_, lower) = tongue(), teeth()
    assert normals(mesh)[:, 1].min() > 0
    assert mesh.vertices[:, 2].max() < lower.vertices[:, 2].max() - 0.5
    assert np.abs(mesh.vertices[:, 0]).max() < lower.vertices[:, 0].max()


# clothes


@pytest.mark.parametrize("clothes", CLOTHES)
def test_clothes_are_sound(clothes: str) -> None:
    mesh = torso(clothes, CLOTH, SKIN, 0)
    is_sound(mesh)
    assert len(mesh.vertices) <= 2500
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert -23.5 < low[0] < -20 and 20 < high[0] < 23.5
    assert low[1] < -29 and -13 < high[1] < -9  # down past the picture, up to the chin at most
    shoulders = np.abs(centres(mesh)[:, 0]) > 12
    assert outwardness(Mesh(mesh.vertices, mesh.faces[shoulders], mesh.albedo, mesh.gloss), [0, -25, -3]) > 0
    assert same(torso(clothes, CLOTH, SKIN, 0), mesh)


@pytest.mark.parametrize("clothes", CLOTHES)
def test_the_neck_passes_through_the_collar(clothes: str) -> None:
    x, y, z = torso(clothes, CLOTH, SKIN, 0).vertices.T
    for height, front, side in ((-10.0, 4.6, 4.8), (-12.0, 4.0, 4.8)):
        above = y > height - 0.5
        assert not (above & (np.hypot(x / side, (z + 2.0) / front) < 0.9)).any()


@pytest.mark.parametrize("clothes", CLOTHES)
def test_clothes_have_the_colour_asked_for(clothes: str) -> None:
    mesh = torso(clothes, CLOTH, SKIN, 0)
    shoulders = np.abs(mesh.vertices[:, 0]) > 12
    np.testing.assert_allclose(np.median(mesh.albedo[shoulders], axis=0), CLOTH, rtol=0.1)
    assert mesh.albedo[shoulders].std(axis=0).min() > 0  # cloth, not plastic


@pytest.mark.parametrize("clothes", [worn for worn in CLOTHES if worn != "turtleneck"])
def test_skin_shows_below_the_throat(clothes: str) -> None:
    mesh = torso(clothes, CLOTH, SKIN, 0)
    bare = np.isclose(mesh.albedo, SKIN, rtol=0.2).all(axis=1)
    x, y, _ = mesh.vertices[bare].T
    assert ((np.abs(x) < 2) & (y < -17)).any()


@given(st.sampled_from(CLOTHES), st.floats(-2.5, 2.4))
@settings(max_examples=10)
def test_a_thick_neck_needs_a_wide_collar(clothes: str, width: float) -> None:
    narrow, wide = (torso(clothes, CLOTH, SKIN, value).vertices for value in (width, width + 0.1))
    near = (np.abs(narrow[:, 0]) < 7) & (narrow[:, 0] != 0)
    assert (np.abs(wide[near, 0]) > np.abs(narrow[near, 0])).all()


@pytest.mark.parametrize("clothes", CLOTHES)
def test_collars_turn_with_the_neck_and_shoulders_stay(clothes: str) -> None:
    vertices = torso(clothes, CLOTH, SKIN, 0).vertices
    share = follows(vertices)
    assert share.dtype == np.float32 and share.shape == (len(vertices),)
    assert share.min() == 0 and share.max() <= 1
    x, y, z = vertices.T
    assert (share[(y < -16) | (np.abs(x) > 10)] == 0).all()
    collar = np.hypot(x, z + 2.5) < 6.9
    assert (np.diff(share[collar][np.argsort(y[collar])]) >= 0).all()


def test_a_jacket_is_worn_over_something_that_shows() -> None:
    for colour in (0.02, 0.7):
        mesh = torso("jacket", np.full(3, colour), SKIN, 0)
        x, y, z = mesh.vertices.T
        under = mesh.albedo[(np.abs(x) < 1.5) & (y < -20) & (y > -24) & (z > 0)].mean()
        assert abs(under - colour) > 0.4


# glasses


@pytest.mark.parametrize("kind", [kind for kind in GLASSES if kind != "none"])
def test_glasses_sit_in_front_of_the_eyes_and_reach_behind_the_ears(kind: str) -> None:
    mesh = glasses(kind, (0.1, 0.05, 0.02), EYES, BRIDGE, EARS, FACE_WIDTH)
    is_sound(mesh)
    assert len(mesh.vertices) <= 800
    x, y, z = mesh.vertices.T
    assert x.min() == pytest.approx(-x.max(), abs=1e-4)
    before_eyes = (np.abs(np.abs(x) - 3.15) < 1.5) & (z > 7)
    assert before_eyes.any() and z[before_eyes].min() > EYES[0, 2] + 1.2 + 0.6  # room for lashes
    assert z.max() < 10.6
    assert z.min() < EARS[0, 2] - 1.0 and y[z < EARS[0, 2] - 1.0].min() < EARS[0, 1] - 1.5  # bent down behind the ears
    on_nose = (np.abs(x) < 0.4) & (z > 8)
    assert z[on_nose].min() > BRIDGE[2] + 0.1
    np.testing.assert_allclose(mesh.albedo, np.broadcast_to([0.1, 0.05, 0.02], mesh.albedo.shape), rtol=1e-6)
    assert same(glasses(kind, (0.1, 0.05, 0.02), EYES, BRIDGE, EARS, FACE_WIDTH), mesh)


@given(st.sampled_from(["round", "square", "rimless"]), st.floats(2.7, 3.6), st.floats(12, 15.5))
@settings(max_examples=30)
def test_rims_are_no_wider_than_the_face_and_leave_room_for_the_nose(kind: str, apart: float, width: float) -> None:
    eyes = EYES * np.array([apart / 3.15, 1, 1], np.float32)
    mesh = glasses(kind, (0, 0, 0), eyes, BRIDGE, EARS, width)
    x, y, z = mesh.vertices.T
    rims = z > 9
    assert np.abs(x[rims]).max() < width / 2 + 0.1
    below_bridge = rims & (y < 2.0)
    assert np.abs(x[below_bridge]).min() > 0.3


def test_a_high_bridge_pushes_glasses_forward_and_any_point_on_the_nose_will_do() -> None:
    def front(bridge: tuple[float, float, float]) -> float:
        return float(glasses("round", (0, 0, 0), EYES, np.array(bridge), EARS, FACE_WIDTH).vertices[:, 2].max())

    assert front((0, 2.95, 10.25)) > front((0, 2.95, 9.25)) + 0.4
    assert front((0, 1.75, 10.03)) == pytest.approx(front((0, 2.95, 9.25)), abs=0.01)


# tubes


def test_a_ring_is_watertight_and_a_rod_open_at_its_ends() -> None:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    path = np.column_stack([3 * np.cos(turn), 3 * np.sin(turn), 0 * turn])
    radius = np.full((24, 8), 0.5)
    ring = tube(path, radius, np.array([0.0, 0, 1]), CLOTH, 0.5, closed=True)
    is_sound(ring)
    assert len(rim(ring)) == 0
    volume = outwardness(ring, [0, 0, 0]) / 6
    assert volume == pytest.approx(2 * np.pi * 3 * np.pi * 0.5**2, rel=0.12)
    rod = tube(np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 2]]), np.full((3, 8), 0.5), np.array([0.0, 1, 0]), CLOTH, 0.5)
    is_sound(rod)
    assert len(rim(rod)) == 16 and outwardness(rod, [0, 0, 1]) > 0
