#!/usr/bin/env bash
# Train on a machine that is lent for some minutes: scenes are made on all cores while the GPU trains.
#
#   exp_train_model/train_on_device.sh PACK FOLDER
#
# PACK is what pack_recordings.py has written; all that is made goes to FOLDER. Scenes come in rounds: while the networks
# are trained on those of one round, the next is being made, and is then trained on together with those before. It ends by
# itself after MINUTES, with a checkpoint a minute old at most; started again with the same FOLDER it goes on, and what is
# best so far is always in FOLDER/reference_models. Settings, by environment:
#
#   MINUTES (8.5)       after which it ends
#   TEACHERS (YamNet mn04_as)   of which a tagger is trained, and then tcn, one teacher after the other
#   SCENES (150)        of a round, a minute each
#   EPOCHS (20)         of each network in a round: 1, 2, 5, 10, 20, 50 or 100
#   MODELS (.)          folder of the teachers' weights
#   DEVICE (auto), PYTHON (python3)
#   FIGURES (0)         1: first print the table of GPU figures (benchmarks/bench_training.py) to FOLDER/figures.md
set -uo pipefail
[ $# -eq 2 ] || { sed -n '2,19s/^# \{0,1\}//p' "$0"; exit 2; }

pack=$(realpath "$1") folder=$(realpath -m "$2")
minutes=${MINUTES:-8.5} teachers=${TEACHERS:-YamNet mn04_as} n_scenes=${SCENES:-150} epochs=${EPOCHS:-20}
models=$(realpath "${MODELS:-.}") device=${DEVICE:-auto} python=${PYTHON:-python3}
cd "$(dirname "$0")/.." || exit 1
end=$(awk "BEGIN { print int($(date +%s) + 60 * $minutes) }")
mkdir -p "$folder"/{data,log,made} || exit 1

left() { echo $(($1 + end - $(date +%s))); }

# Run a command until the end at most, 10 s before which it is told to save and stop; its output goes to a log.
until_end() {
    local log=$1; shift
    local seconds; seconds=$(left -10)
    [ "$seconds" -gt 0 ] || return 124
    timeout --foreground --signal=TERM --kill-after=8 "$seconds" "$@" >>"$folder/log/$log.txt" 2>&1
}

# Scenes and their features, a round after the other, until the time is over.
make_rounds() {
    local round=1
    until_end unpack "$python" exp_train_model/pack_recordings.py --unpack "$pack" --output "$folder/recordings" || return
    until_end kinds "$python" exp_train_model/list_kinds.py "$folder/recordings" --output "$folder/kinds.csv" \
        --teacher "${teachers%% *}" --models "$models" --skip_errors || return
    while [ "$(left -10)" -gt 0 ]; do
        if [ ! -e "$folder/made/$round" ]; then
            until_end scenes "$python" exp_train_model/make_scenes.py "$folder/recordings" --seed "$round" \
                --kinds "$folder/kinds.csv" --alone 0.6 --cut 0.4 --scenes "$n_scenes" \
                --output "$folder/scenes_$round" --skip_errors || return
            # shellcheck disable=SC2086
            until_end features "$python" exp_train_model/create_mel_tho_dataset.py --teachers $teachers --float16 \
                --dataset_name "round_$round" --output_path "$folder/data" --audio_dataset_path "$folder/scenes_$round" \
                --train_ratio 0.9 --valid_ratio 0.05 --eval_ratio 0.05 || return
            touch "$folder/made/$round"
        fi
        round=$((round + 1))
    done
}

training() { # log, selection, further options
    local log=$1 selection=$2; shift 2
    until_end "$log" "$python" exp_train_model/main_doce_training.py -s "$selection" -c --device "$device" \
        --data_path "$folder/data" --output_path "$folder/results" --models "$models" --checkpoint_seconds 60 "$@"
}

# Train a network on some rounds, from the weights that the round before has left, and put it where it is found.
train() { # teacher, name, selection, datasets
    local teacher=$1 name=$2 selection=$3 datasets=$4
    local weights="$folder/reference_models/${teacher}_$name.safetensors" status=0
    training "$name" "$selection+step=train" --datasets "$datasets" $([ -e "$weights" ] && echo --start_from "$weights")
    status=$?
    "$python" exp_train_model/export_transcoders.py --name "$name" --float16 --folder "$folder/reference_models" \
        --data_path "$folder/data" --output_path "$folder/results" --datasets "$datasets" -s "$selection+step=train" \
        >>"$folder/log/export.txt" 2>&1
    return $status
}

if [ "${FIGURES:-0}" = 1 ]; then
    until_end figures bash -c "'$python' benchmarks/bench_training.py --tables device --device '$device' \
        --models '$models' --steps 50 >'$folder/figures.md'"
fi
make_rounds &
maker=$!

recipe="schedule=cosine+averaging=1+seed=0+epoch=$epochs"
round=1 datasets=""
while [ "$(left -10)" -gt 0 ]; do
    if [ ! -e "$folder/made/$round" ]; then
        kill -0 $maker 2>/dev/null && { sleep 1; continue; }
        [ "$(left -10)" -gt 0 ] || break # it has ended because the time is over
        echo "no scenes are being made any more; see $folder/log" >&2
        exit 1
    fi
    datasets="${datasets:+$datasets&}round_$round"
    for teacher in $teachers; do
        of_round="dataset=$datasets+classifier=$teacher"
        of_tagger="tagger/$of_round+learning_rate=-3+balance=1+$recipe"
        training scores "reference/transcoder=oracle+$of_round+step=evaluate" --datasets "$datasets" &&
            train "$teacher" tagger "$of_tagger+cadence=fast+beside=1" "$datasets" &&
            train "$teacher" tagger_slow "$of_tagger+cadence=slow+beside=0" "$datasets" &&
            train "$teacher" tcn "generalise/transcoder=tcn_pinv+$of_round+objective=distillation+augmentation=1+balance=0+learning_rate=-3.5+$recipe" "$datasets"
        [ "$(left -10)" -gt 0 ] || break
    done
    round=$((round + 1))
done
wait $maker
ls -l "$folder/reference_models" 2>/dev/null
echo "$folder/log (ended after $minutes minutes; start again to go on)"
