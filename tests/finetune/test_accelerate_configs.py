from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import FullyShardedDataParallelPlugin
from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

from finetune.training.processes import require_within_limits, sharding
from finetune.training.zero import zero

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "configs" / "accelerate").glob("*.yaml"))
EVERY = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def command(path: Path) -> list[str]:
    """What the first line says to run."""
    sign, *words = path.read_text(encoding="utf-8").splitlines()[0].split()
    assert sign == "#"
    return words


def launched(path: Path, monkeypatch: pytest.MonkeyPatch) -> Namespace:
    """What `accelerate launch` makes of that command."""
    monkeypatch.chdir(ROOT)
    asked = launch_command_parser().parse_args(command(path)[2:])
    args, _, _ = _validate_launch_command(asked)
    return args


def environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What that command tells each process."""
    args = launched(path, monkeypatch)
    monkeypatch.setattr("accelerate.utils.launch.is_port_in_use", lambda port: False)
    if not args.use_deepspeed:
        told: dict[str, str] = prepare_multi_gpu_env(args)
        return told
    args.deepspeed_fields_from_accelerate_config = ""  # what the command adds before it goes on
    _, told = prepare_deepspeed_cmd_env(args)
    return told


@EVERY
def test_the_first_line_runs_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(path)[:4] == ["accelerate", "launch", "--config_file", f"configs/accelerate/{path.name}"]
    args = launched(path, monkeypatch)
    assert (args.module, args.training_script) == (True, "finetune.train")
    assert args.training_script_args[0] == "--config"
    assert (ROOT / args.training_script_args[1]).exists()


@EVERY
def test_accelerate_knows_every_key_and_starts_torchrun(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config_from_file(str(path))  # refuses unknown keys, but not those within another
    within = {*config.fsdp_config, *config.deepspeed_config}
    assert within <= set(vars(launch_command_parser().parse_args(["script"])))
    args = launched(path, monkeypatch)
    assert args.multi_gpu or args.use_fsdp or args.use_deepspeed  # else it starts one process, in silence
    assert args.num_processes == config.num_processes > 1
    assert args.num_machines == config.num_machines


@EVERY
def test_training_does_all_that_a_file_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(path, monkeypatch).items():
        monkeypatch.setenv(name, value)
    require_within_limits()


def test_fsdp2_parts_the_layers_of_any_model(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "configs" / "accelerate" / "fsdp2.yaml"
    for name, value in environment(path, monkeypatch).items():
        monkeypatch.setenv(name, value)
    plugin = sharding()
    assert isinstance(plugin, FullyShardedDataParallelPlugin)
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward
    assert plugin.auto_wrap_policy.__name__ == "transformer_auto_wrap_policy"
    assert plugin.transformer_cls_names_to_wrap is None  # PackedScorer says which


@pytest.mark.skipif(find_spec("deepspeed") is None, reason="needs DeepSpeed")
@pytest.mark.parametrize("stage", [2, 3])
def test_zero_is_of_the_stage_that_the_file_says(monkeypatch: pytest.MonkeyPatch, stage: int) -> None:
    for name, value in environment(ROOT / "configs" / "accelerate" / f"zero{stage}.yaml", monkeypatch).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)  # without it DeepSpeed needs GPUs
    plugin = zero()
    assert (plugin.zero_stage, plugin.zero3_init_flag) == (stage, False)


def test_many_machines_are_told_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "configs" / "accelerate" / "multi-node.yaml"
    args = launched(path, monkeypatch)
    monkeypatch.setattr("accelerate.utils.launch.is_port_in_use", lambda port: False)
    prepare_multi_gpu_env(args)
    assert (args.nnodes, args.nproc_per_node, args.node_rank) == ("2", "8", 0)
    assert args.rdzv_endpoint == "10.0.0.1:29500"
