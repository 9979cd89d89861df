"""Fine-tuning to one person (Zakharov et al., 3.3): the meta-learnt networks go on learning from K frames alone."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from reenactbench.errors import ReenactbenchError
from reenactbench.training.steps import adam, descend, frozen
from reenactbench.types import Frames
from reenactbench_baselines.talking_head.config import COMPAT, Config
from reenactbench_baselines.talking_head.drawing import drawn
from reenactbench_baselines.talking_head.networks import Discriminator, Generator
from reenactbench_baselines.talking_head.objective import Objective, Scene


class FineTuner:
    """Makes generators of one person's own; it is no module, for nobody else needs the discriminator in it.

    discriminator: None leaves L_ADV out, for checkpoints whose discriminator has not learnt anything yet.
    """

    objective: Objective
    """There from `load` on."""

    def __init__(self, config: Config, variant: str, discriminator: Discriminator | None) -> None:
        self.config, self.variant, self.discriminator = config, variant, discriminator

    def load(self) -> None:
        """Get ready to be called.

        Raises ReenactbenchError for what was trained as the public code, and MissingWeights where a content network has
        no file.
        """
        if self.variant == COMPAT:
            raise ReenactbenchError(
                f"a talking head of variant {COMPAT} is not fine-tuned, as the public code has no such thing; run it "
                "without --finetune-steps"
            )
        self.objective = Objective(self.config, self.variant)

    def __call__(self, generator: Generator, code: Tensor, targets: Frames, steps: int) -> tuple[Generator, Tensor]:
        """A copy of the generator, in evaluation mode, and psi [1,n], both fine-tuned.

        All K target frames, of the networks' size, are in each of the steps. psi begins as P e and is then learnt
        itself; the code e [1,code] takes the place of the discriminator's W_i. What is given stays as it is, and
        nothing is drawn at random.
        """
        config, objective = self.config, self.objective
        objective.to(code.device)
        with torch.enable_grad():
            own, judge = deepcopy(generator).train(), deepcopy(self.discriminator)
            psi = nn.Parameter(generator.projection(code).detach())
            makers = adam(config.finetune_rate, config.momentum, own)
            makers.add_param_group({"params": [psi]})
            if judge is not None:
                judge.train().people = nn.Parameter(code.clone())
                judge.anyone.requires_grad_(False)  # the paper's w' = w0 + e is one vector
                judges = adam(config.judge_rate, config.momentum, judge)
            lines = drawn(targets.landmarks, config.size)
            only = torch.zeros(len(targets), dtype=torch.int64, device=lines.device)
            scene = Scene(targets.images, targets.landmarks, lines, only)
            for _ in range(steps):
                images = own.styled(lines, psi.expand(len(targets), -1))
                found = objective.content(images, scene)
                if judge is not None:
                    with frozen(judge):
                        found |= objective.adversarial(judge, images, scene)
                descend(objective.total(found), makers, config.clip or None)
                if judge is not None:
                    for _ in range(config.judge_steps):
                        descend(objective.judging(judge, images.detach(), scene), judges, config.clip or None)
        return own.eval().requires_grad_(False), psi.detach()
