"""The same weights give the same numbers as ever: published and shipped weights were trained for these very formulas.

The numbers were written down when all networks agreed with the recordings of `tests/parity`. Whoever changes one of
them on purpose has another network, which needs other weights.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor, nn

from tests.tortoise_core.models.test_autoregressive import LEARNED, ROTARY
from tests.tortoise_core.models.test_diffusion_decoder import MINI
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.models.classifier import ClassifierConfig, TortoiseClassifier
from tortoise_core.models.clvp import Clvp, ClvpConfig
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.cvvp import Cvvp, CvvpConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.models.hifi_decoder import HifiDecoder, HifiDecoderConfig
from tortoise_core.models.random_latents import RandomLatentGenerator
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

ENCODERS = ClvpConfig(
    text_tokens=30, text_width=32, text_layers=1, text_heads=2, code_tokens=50, speech_width=48, speech_layers=2,
    speech_heads=1, latent_width=16,
)  # fmt: skip
VOICE_ENCODERS = CvvpConfig(
    width=32, heads=2, conditioning_layers=1, speech_layers=2, mels=12, code_tokens=50, latent_width=16
)
RICH = replace(MINI, ff_mult=2, guess=True, surrogate_blocks=2)
DVAE = DiscreteVAEConfig(channels=8, hidden=8, res_blocks=1, codes=32, code_dim=4)
DIRECTIONS = replace(DVAE, normalize_codes=True, mel_shift=-6.0, mel_scale=3.0)


def wave(*shape: int, speed: float = 0.7) -> Tensor:
    """Numbers that are the same on every machine: none is drawn."""
    return torch.sin(speed * torch.arange(math.prod(shape), dtype=torch.float64) + 1).float().view(shape)


def ids(high: int, *shape: int) -> Tensor:
    return (7 * torch.arange(math.prod(shape)) % high).view(shape)


def filled(network: nn.Module) -> nn.Module:
    """Gives every parameter numbers of a size that lets all of them matter."""
    with torch.no_grad():
        for number, (name, parameter) in enumerate(network.named_parameters()):
            values = wave(*parameter.shape, speed=0.7 + 0.1 * number % 1)
            if parameter.dim() < 2:
                parameter.copy_(0.2 * values + (0.0 if "bias" in name else 1.0))
            else:
                parameter.copy_(1.5 * values / math.sqrt(parameter[0].numel()))
    return network.eval()


def mask(*lengths: int) -> Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def autoregressive(config) -> list[Tensor]:
    model = filled(AutoregressiveModel(config))
    cond = model.conditioning(wave(2, 3, config.conditioning_mels, 9))
    text = ids(39, 2, 7)
    codes = ids(64, 2, 8)
    forced = model(
        cond, text, codes, text_lengths=torch.tensor([7, 5]), wav_lengths=torch.tensor([7 * 1024 + 5, 3 * 1024])
    )
    swapped = model(cond, text, codes, codes_first=True)
    losses = [torch.stack([each.text_loss, each.code_loss]) for each in (forced, swapped)]
    alignment = model.hidden_states(cond, text, codes).alignment
    return [cond, model.latents(cond, text, codes), forced.text_logits, forced.code_logits, *losses, alignment.exp()]


def clvp() -> list[Tensor]:
    model = filled(Clvp(ENCODERS))
    text = ids(30, 3, 7)
    codes = ids(50, 3, 11)
    lengths = torch.tensor([7, 4, 6]), torch.tensor([11, 9, 3])
    return [model.scores(text, codes), model.scores(text, codes, *lengths), model.loss(text, codes, wrong=49 - codes)]


def cvvp() -> list[Tensor]:
    model = filled(Cvvp(VOICE_ENCODERS))
    mels = wave(3, 12, 40)
    codes = ids(50, 3, 11)
    voice = model.voice(mels)
    return [model.scores(mels, codes), voice, model.voice_scores(voice.expand(3, -1), codes), model.loss(mels, codes)]


def code_speller() -> list[Tensor]:
    model = filled(CodeSpeller(CodeSpellerConfig(text_tokens=9, silent=(0, 1), code_tokens=20, width=16, layers=2)))
    codes = ids(20, 2, 6)
    lengths = torch.tensor([6, 4])
    return [model(codes, lengths), model.scores(ids(9, 2, 5), codes, torch.tensor([5, 3]), lengths)]


def classifier() -> list[Tensor]:
    model = filled(
        TortoiseClassifier(ClassifierConfig(channels=8, stages=2, embedding=16, attention_blocks=1, heads=2))
    )
    return [model(wave(2, 1, 900)), model.synthetic_probability(wave(2, 1, 900))]


def random_latents() -> list[Tensor]:
    model = filled(RandomLatentGenerator(24))
    for layer in model.layers[:-1]:
        layer.weight.mul_(40)  # they are scaled down where they are used
        layer.bias.mul_(10)
    return [model(wave(2, 24))]


def diffusion_decoder(config) -> list[Tensor]:
    model = filled(DiffusionDecoder(config))
    voice = model.conditioning_latent(wave(2, 2, 12, 25))
    guess = wave(2, 12, 20, speed=0.3)
    embedding = model.timestep_independent(
        ids(50, 2, 5), voice, 20, aligned_mask=mask(5, 4), frame_mask=mask(20, 16), guess=guess
    )
    of_latents = model.timestep_independent(wave(2, 5, 20), voice, 20, guess=guess)
    noisy = wave(2, 12, 20)
    step = model(noisy, torch.tensor([3999, 17]), embedding, mask(20, 16))
    bare = model(noisy, torch.tensor([2, 500]), model.unconditioned(2, 20))
    return [voice, embedding, of_latents, model.surrogate_mel(embedding, mask(20, 16)), step, bare]


def dvae(config) -> list[Tensor]:
    model = filled(DiscreteVAE(config))
    book = model.codebook
    points = 0.3 * wave(4, 32, speed=1.9)
    book.embed.copy_(points / points.norm(dim=0) if config.normalize_codes else points)
    book.embed_avg.copy_(book.embed)
    mel = config.mel_shift + config.mel_scale * wave(2, 8, 16, speed=2.3)
    output = model(mel)
    moved = model.train()(mel)
    codes = output.codes.float()
    return [model.encode_vectors(mel), codes, output.reconstruction, output.reconstruction_loss,
            output.commitment_loss, moved.quantized, book.embed, book.cluster_size]  # fmt: skip


def univnet() -> list[Tensor]:
    model = quiet_univnet()
    return [model(wave(1, 6, 9), wave(1, 4, 9, speed=1.3)), model.vocode(wave(1, 6, 9), wave(1, 4, 19, speed=1.3))]


def hifi_decoder() -> list[Tensor]:
    model = filled(HifiDecoder(HifiDecoderConfig(latent_channels=12, channels=32)))
    return [model.conv_pre(model.stretch(wave(1, 3, 12))), model(0.1 * wave(1, 3, 12), 0.1 * wave(1, 12))]


def frame_vocoder() -> list[Tensor]:
    model = filled(FrameVocoder(FrameVocoderConfig(mels=6, width=16, hidden=24, layers=2)))
    return [model(-6 + 3 * wave(1, 6, 7))]


NETWORKS: dict[str, Callable[[], list[Tensor]]] = {
    "autoregressive": lambda: autoregressive(LEARNED),
    "autoregressive, rotary": lambda: autoregressive(ROTARY),
    "clvp": clvp,
    "cvvp": cvvp,
    "code speller": code_speller,
    "classifier": classifier,
    "random latents": random_latents,
    "diffusion decoder": lambda: diffusion_decoder(replace(MINI, ff_mult=0, out_channels=24, code_rate_hz=22_050)),
    "diffusion decoder, embedded": lambda: diffusion_decoder(RICH),
    "dvae": lambda: dvae(DVAE),
    "dvae, directions": lambda: dvae(DIRECTIONS),
    "univnet": univnet,
    "hifi decoder": hifi_decoder,
    "frame vocoder": frame_vocoder,
}


def condensed(output: Tensor) -> list[float]:
    """Two numbers of an output: its mean size, and one for which every element matters in its place."""
    flat = output.detach().double().flatten()
    weights = torch.cos(1.1 * torch.arange(len(flat)).double())
    return [float(flat.abs().mean()), float(flat @ weights) / math.sqrt(len(flat))]


EXPECTED = {
    "autoregressive": [
        [0.6377, 0.089965],
        [0.78966, 0.060205],
        [0.95443, 0.91369],
        [2.0184, -0.007722],
        [5.908, 5.3696],
        [5.3603, 5.019],
        [0.14286, 0.012734],
    ],
    "autoregressive, rotary": [
        [0.47808, -0.09963],
        [0.85481, 0.092715],
        [0.81568, 0.36928],
        [1.1063, 0.00678],
        [4.4362, 4.5319],
        [4.6218, 4.6534],
        [0.14286, 0.02172],
    ],
    "clvp": [[0.116, -0.0011516], [0.082276, 0.081632], [1.4507, 1.4507]],
    "cvvp": [[0.22326, -0.097513], [0.22205, 0.018214], [0.22326, -0.09808], [1.0987, 1.0987]],
    "code speller": [[2.6114, 0.23546], [18.492, -20.631]],
    "classifier": [[1.0906, 0.042482], [0.60368, 0.62143]],
    "random latents": [[0.12987, 0.038329]],
    "diffusion decoder": [
        [0.76736, -0.28223],
        [1.3227, -0.16192],
        [1.3217, -0.16458],
        [1.355, -0.080304],
        [0.40125, -0.12066],
        [0.2739, -0.021426],
    ],
    "diffusion decoder, embedded": [
        [0.76736, -0.28223],
        [1.3881, -0.18133],
        [1.4346, -0.059368],
        [3.3933, -0.075103],
        [0.30673, 0.011405],
        [0.48834, 0.0031679],
    ],
    "dvae": [
        [0.18702, 0.14147],
        [19.875, 7.5006],
        [0.22331, -0.023168],
        [0.56113, 0.56113],
        [0.032566, 0.032566],
        [0.17569, 0.059338],
        [17364, -4687.8],
        [0.0025, 0.0022875],
    ],
    "dvae, directions": [
        [0.18702, 0.14147],
        [18.625, 4.9951],
        [5.8553, 0.12964],
        [0.52396, 0.52396],
        [0.19034, 0.19034],
        [0.45718, 0.16265],
        [0.45052, 0.062795],
        [0.0025, 7.4564e-05],
    ],
    "univnet": [[0.17429, 0.022114], [0.16193, 0.013416]],
    "hifi decoder": [[0.36897, 0.093784], [0.58928, -0.026035]],
    "frame vocoder": [[0.019602, -0.02099]],
}


@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_a_network_computes_what_it_always_did(name):
    torch.manual_seed(0)
    found = [condensed(output) for output in NETWORKS[name]()]
    for number, (own, expected) in enumerate(zip(found, EXPECTED[name], strict=True)):
        assert own == pytest.approx(expected, rel=3e-4, abs=5e-5), f"output {number}: {own}"


DEFAULTS = {
    AutoregressiveConfig: dict(
        layers=30, width=1024, heads=16, dropout=0.1, text_tokens=256, text_start=255, text_stop=0,
        code_tokens=8194, code_start=8192, code_stop=8193, samples_per_code=1024, positions='learned',
        max_text=402, max_codes=604, max_conditioning=2, conditioning_mels=80, conditioning_layers=6,
        conditioning_width=None, conditioning_heads=None, conditioning_pool='first', alignment_head=None
    ),
    ClvpConfig: dict(
        text_tokens=256, text_width=768, text_layers=20, text_heads=12, code_tokens=8192,
        speech_width=768, speech_layers=20, speech_heads=12, latent_width=768, ff_mult=2, dropout=0.1,
        text_mask_rate=0.0, speech_mask_rate=0.0, mask_padding=False
    ),
    CvvpConfig: dict(
        width=512, heads=8, conditioning_layers=8, speech_layers=8, dropout=0.0, mels=80,
        code_tokens=8192, latent_width=512
    ),
    DiffusionDecoderConfig: dict(
        model_channels=1024, layers=10, final_res_blocks=3, in_channels=100, out_channels=200,
        in_latent_channels=1024, in_tokens=8193, heads=16, converter_blocks=3, conditioner_blocks=4,
        contextual_blocks=5, integrator_layers=3, ff_mult=0, dropout=0.0, guess=False, surrogate_blocks=0,
        layer_drop=0.1, mel_rate_hz=24000, code_rate_hz=22050
    ),
    UnivNetConfig: dict(
        noise_channels=64, channels=32, strides=(8, 8, 4), dilations=(1, 3, 9, 27), slope=0.2,
        predictor_channels=64, predictor_kernel=3, mel_bands=100, dropout=0.0
    ),
    ClassifierConfig: dict(
        classes=2, in_channels=1, channels=32, stages=5, res_blocks=2, kernel=5, downsample=4,
        embedding=512, attention_blocks=4, heads=4, dropout=0.0
    ),
    HifiDecoderConfig: dict(
        latent_channels=1024, channels=512, factors=(8, 8, 2, 2), kernels=(16, 16, 4, 4),
        res_kernels=(3, 7, 11), res_dilations=(1, 3, 5), rate_ratio=24_000 / 22_050
    ),
    DiscreteVAEConfig: dict(
        channels=80, hidden=512, layers=2, res_blocks=3, kernel=3, codes=8192, code_dim=512,
        normalize_codes=False, decay=0.99, mel_shift=0.0, mel_scale=1.0
    ),
    CodeSpellerConfig: dict(
        text_tokens=78, silent=(), code_tokens=4096, width=192, layers=6, per_code=2
    ),
    FrameVocoderConfig: dict(
        mels=100, width=256, hidden=768, layers=8, fft=1024, hop=256, mel_shift=-6.0, mel_scale=3.0
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DEFAULTS, ids=lambda kind: kind.__name__)
def test_the_defaults_are_the_published_sizes(kind):
    """Spec 3, and of the embedded model alone CodeSpeller and FrameVocoder: manifests name what differs from these."""
    assert asdict(kind()) == DEFAULTS[kind]


def test_sizes_that_follow_from_others():
    assert (UnivNetConfig().hop, UnivNetConfig().context) == (256, 16)
    assert (HifiDecoderConfig().context, FrameVocoderConfig().context) == (14, 29)


def quiet_univnet() -> UnivNet:
    model = filled(UnivNet(UnivNetConfig(noise_channels=4, channels=4, predictor_channels=8, mel_bands=6)))
    for block in model.res_stack:  # predicted kernels of full size make a chaotic network (spec 11.2)
        block.kernel_predictor.kernel_conv.weight_g.data.mul_(0.1)
    return model


BATCHES: dict[str, Callable[[], tuple[nn.Module, list[Tensor]]]] = {
    "univnet": lambda: (quiet_univnet(), [wave(3, 6, 9), wave(3, 4, 9, speed=1.3)]),
    "hifi decoder": lambda: (
        filled(HifiDecoder(HifiDecoderConfig(latent_channels=12, channels=32))),
        [0.1 * wave(3, 5, 12), 0.1 * wave(3, 12)],
    ),
    "frame vocoder": lambda: (
        filled(FrameVocoder(FrameVocoderConfig(mels=6, width=16, hidden=24, layers=2))),
        [-6 + 3 * wave(3, 6, 7)],
    ),
}


@pytest.mark.parametrize("name", BATCHES)
@torch.no_grad()
def test_each_row_of_a_batch_sounds_as_it_does_alone(name):
    model, inputs = BATCHES[name]()
    together = model(*inputs)
    assert (together[0] - together[1]).abs().max() > 1e-3
    for row in range(3):
        alone = model(*(part[row : row + 1] for part in inputs))
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)
