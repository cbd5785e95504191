"""Neighbours drawn as one piece, and lines of whole points (ux.md D8)."""

from itertools import pairwise

from services.maps import _path, _projected, _united

LEFT = [(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)]
RIGHT_AND_TURNED = [(2, 0), (2, 2), (4, 2), (4, 0), (2, 0)]
ISLAND = [(9, 9), (9, 10), (10, 10), (9, 9)]


def area(ring):
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise(ring))) / 2


def test_the_border_between_neighbours_is_gone_whichever_way_they_are_drawn():
    mainland, island = sorted(_united([LEFT, RIGHT_AND_TURNED, ISLAND]), key=len, reverse=True)
    assert (area(mainland), area(island)) == (8, 0.5)
    assert {(2, 0), (2, 2)} <= set(mainland) and len(mainland) == 7


def test_there_and_back_again_leaves_nothing():
    assert _united([[(0, 0), (5, 0), (0, 0)]]) == []


def test_a_path_tells_each_step_once_and_forgets_what_is_too_small():
    assert _path([[(1, 1), (3, 1), (3, 1), (3, 4), (1, 1)]]) == "M1 1l2 0 0 3z"
    assert _path([[(1, 1), (1, 1), (2, 1), (1, 1)]]) == ""


def test_north_is_up_and_east_is_right():
    south, north, east = _projected(10.7, 59.9), _projected(10.7, 69.6), _projected(30.0, 59.9)
    assert north[1] < south[1] and east[0] > south[0]
