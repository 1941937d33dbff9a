"""Train the CLIP that tests use: ``python -m benchmarks.train_tiny_clip [--folder DIR]``.

A model of 0.4 million weights, beside the table of its words, learns from captions what drawings
show, in six minutes of one processor core. It is of the same kind as large ones: open_clip loads
it, and open_clip's own tokenizer reads for it. At the end it is asked about drawings of
combinations it was not trained on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.scoring.captions import RIVALS, Caption, caption, worded
from tests.scoring.drawings import VALUES, Scene, draw, scenes
from tests.scoring.quizzes import shares_right
from vibes.scoring.clip import CONFIG, WEIGHTS, load_clip
from vibes.scoring.pictures import Fit, Pixels, fitted
from vibes.scoring.torch_modules import load_modules

FOLDER = Path(__file__).parents[1] / "tests" / "assets" / "tiny_clip"
SIDE = 64  # px
WORDS = 49408  # that open_clip's tokenizer tells apart
CONTEXT = 20  # words read of a caption
COLOURS = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
PREPROCESS = {"size": SIDE, "interpolation": "bicubic", "resize_mode": "shortest", **COLOURS}
MODEL: dict[str, Any] = {
    "embed_dim": 48,
    "vision_cfg": {
        "image_size": SIDE,
        "layers": [1, 1, 1, 1],
        "width": 8,
        "head_width": 32,
    },
    "text_cfg": {
        "context_length": CONTEXT,
        "vocab_size": WORDS,
        "width": 32,
        "heads": 4,
        "layers": 2,
    },
}
_ALONE = {slot: (*VALUES[slot], *RIVALS[slot]) for slot in VALUES}


@dataclass(frozen=True)
class Plan:
    """How long and how fast the model learns."""

    drawings: int = 24_000
    steps: int = 1_500
    batch: int = 128
    rate: float = 2e-3
    warm_up: int = 100  # steps
    asked: int = 1_000  # drawings at the end
    seed: int = 1


def main(arguments: list[str] | None = None) -> None:
    """Train, write the folder, print what the model tells right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_tiny_clip")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--steps", type=int, default=Plan.steps)
    options = parser.parse_args(arguments)
    torch, open_clip = load_modules()
    torch.set_num_threads(1)  # small steps: two threads would mostly wait for each other
    started = time.monotonic()
    plan = replace(Plan(), steps=options.steps)
    write(trained(torch, open_clip, plan), options.folder)
    print(f"trained in {time.monotonic() - started:.0f} s, {time.process_time():.0f} s of a core")
    for slot, share in told_right(options.folder, plan).items():
        print(f"{slot:8} {100 * share:.1f} %")


def write(model: Any, folder: Path) -> None:
    """The folder of a model as hubs have them, its weights in half precision."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    settings = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (folder / CONFIG).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS[0], metadata={"format": "pt"})
    (folder / WEIGHTS[0]).chmod(0o644)


def told_right(folder: Path, plan: Plan) -> dict[str, float]:
    """For each slot, the share of unseen drawings of which the model tells what they show."""
    clip = load_clip(folder, device="cpu")
    rng = np.random.default_rng([plan.seed, 1])
    shown = list(islice(scenes(rng, unseen=True), plan.asked))
    pixels = np.stack([fitted(draw(scene, rng), clip.fit) for scene in shown])
    return shares_right(clip, clip.encode_images(pixels), shown)


def trained(torch: Any, open_clip: Any, plan: Plan) -> Any:
    """A model that has learned by this plan; equal plans give nearly equal models."""
    rng = np.random.default_rng(plan.seed)
    torch.manual_seed(plan.seed)
    shown, pixels = _drawings(plan, rng)
    model = open_clip.CLIP(**MODEL)
    tokenize = open_clip.SimpleTokenizer(context_length=CONTEXT)
    optimizer, schedule = _optimizer(torch, model, plan)
    known = torch.zeros(WORDS, dtype=torch.bool)
    for step in range(plan.steps):
        rows = rng.choice(plan.drawings, plan.batch, replace=False)
        captions = _captions([shown[row] for row in rows], rng)
        tokens = tokenize([one.text for one in captions])
        known[tokens] = True
        images, texts, scale = model(_seen(torch, pixels[rows]), tokens)
        fits = torch.from_numpy(_fits([shown[row] for row in rows], captions))
        loss = _loss(scale * images @ texts.T, fits.float())
        _learn(torch, model, optimizer, loss)
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.2f}", flush=True)
    with torch.no_grad():  # a word it never read says nothing
        model.token_embedding.weight[~known] = 0
    return model.eval()


def _drawings(plan: Plan, rng: np.random.Generator) -> tuple[list[Scene], Pixels]:
    shown = list(islice(scenes(rng, unseen=False), plan.drawings))
    fit = Fit(SIDE, "shortest", "bicubic")
    return shown, np.stack([fitted(draw(scene, rng, 64), fit) for scene in shown])


def _seen(torch: Any, pixels: Pixels) -> Any:
    """As the model takes them: channels first, around 0."""
    mean, std = (np.array(COLOURS[name], dtype=np.float32) for name in ("mean", "std"))
    values = (pixels.astype(np.float32) / 255 - mean) / std
    return torch.from_numpy(values).permute(0, 3, 1, 2)


def _captions(batch: Sequence[Scene], rng: np.random.Generator) -> list[Caption]:
    """One for each drawing, and after them one for each value of each slot, shown or not."""
    alone = [{slot: value} for slot, values in _ALONE.items() for value in values]
    return [caption(scene, rng) for scene in batch] + [worded(asked, rng) for asked in alone]


def _fits(batch: Sequence[Scene], captions: Sequence[Caption]) -> npt.NDArray[np.bool_]:
    """Which drawing (row) each caption (column) is true of."""
    found = np.ones((len(batch), len(captions)), dtype=bool)
    for slot in VALUES:
        values = np.array([getattr(scene, slot) for scene in batch])
        asked = np.array([one.asked.get(slot, "") for one in captions])
        found &= (asked == "") | (asked == values[:, None])
    return found


def _loss(logits: Any, fits: Any) -> Any:
    """CLIP's symmetric cross entropy, and that of each slot's values among themselves.

    Every caption that fits a drawing is a right answer, not only its own.
    """
    own = slice(0, len(logits))
    loss = (_entropy(logits[:, own], fits[:, own]) + _entropy(logits[:, own].T, fits[:, own].T)) / 2
    start = own.stop
    for values in _ALONE.values():
        slot = slice(start, start + len(values))
        loss = loss + _entropy(logits[:, slot], fits[:, slot])
        start = slot.stop
    return loss


def _entropy(logits: Any, fits: Any) -> Any:
    wanted = fits / fits.sum(dim=1, keepdim=True)
    return -(wanted * logits.log_softmax(dim=1)).sum(dim=1).mean()


def _optimizer(torch: Any, model: Any, plan: Plan) -> tuple[Any, Any]:
    """AdamW, its rate rising over the first steps and then falling as a cosine does."""

    def share(step: int) -> float:
        rest = max(step - plan.warm_up, 0) / max(plan.steps - plan.warm_up, 1)
        return min((step + 1) / plan.warm_up, 1) * (1 + math.cos(math.pi * rest)) / 2

    matrices = [weights for weights in model.parameters() if weights.ndim >= 2]
    others = [weights for weights in model.parameters() if weights.ndim < 2]
    groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, plan.rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _learn(torch: Any, model: Any, optimizer: Any, loss: Any) -> None:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        model.logit_scale.clamp_(0, math.log(100))


if __name__ == "__main__":
    main()
