#!/bin/bash
# sbatch configs/ray/slurm.sh
# A batch job on SLURM: one engine on each node's GPU. Not run yet where this was written. The folder in which it is
# submitted is on a file system that all nodes see; configs/batch.yaml has
# ray: {workers: 4, num_gpus: 1, address: auto} for it.
#SBATCH --job-name=llm-rerank-batch
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --requeue
set -euo pipefail
source .venv/bin/activate
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# Starts Ray on all nodes, the command on the first one, and ends Ray after it. Begun again, the job goes on where it was.
srun ray symmetric-run --address "$first:6379" --min-nodes "$SLURM_JOB_NUM_NODES" -- \
    llm-rerank batch --config configs/batch.yaml --users users.parquet --out var/batch --ray
