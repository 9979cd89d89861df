"""What the backbones see in pictures, kept so that it is computed once for all metrics, methods and runs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from reenactbench.engine.store import Store
from reenactbench.files import content_key
from reenactbench.interfaces import Backbone, Features, Pictures

SCHEMA = 1  # part of every feature's key: raise it when a backbone's features of the same picture change
REMEMBERED = 64


class Analysis:
    """features(kind, pictures), from memory, from the store, or from the network."""

    def __init__(self, backbones: Mapping[str, Backbone], store: Store) -> None:
        self._backbones, self._store = backbones, store
        self._recent: OrderedDict[str, Features] = OrderedDict()

    def __call__(self, kind: str, pictures: Pictures) -> Features:
        key = content_key({"schema": SCHEMA, "pictures": pictures.key, "backbone": self._name(kind)})
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        features: Features | None = self._store.features(key)
        if features is None:
            backbone = self._backbones[kind]
            context = {needed: self(needed, pictures) for needed in backbone.needs}
            features = {name: np.asarray(values) for name, values in backbone.extract(pictures.images, context).items()}
            self._store.write_features(key, dict(features))
        self._recent[key] = features
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return features

    def _name(self, kind: str) -> list[str]:
        backbone = self._backbones[kind]
        below = [part for needed in backbone.needs for part in self._name(needed)]
        return [kind, backbone.name, backbone.sha256, backbone.origin, *below]
