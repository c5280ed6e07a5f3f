#!/usr/bin/env bash
# Train on a machine that is lent for some minutes: scenes on all its cores, then all networks at once on its GPU.
#
#   exp_train_model/train_on_device.sh PACK FOLDER
#
# PACK is what pack_recordings.py has written; all that is made goes to FOLDER. Scenes of single recordings and dense ones
# are made first; then tcn is trained, for all teachers and seeds side by side, and then taggers beside each teacher's tcn.
# Each has its share of the time, and a learning rate that falls with it. It ends by itself after MINUTES, with checkpoints
# a minute old at most; started again with the same FOLDER it does what has not been done. What is trained is in
# FOLDER/reference_models: <teacher>_tcn, _tagger and _tagger_slow of the first seed, <teacher>_tcn_1 … of others, each with
# the list of what it has heard, unless it started from weights without one. Settings, by environment:
#
#   MINUTES (9)         after which it ends
#   TEACHERS (YamNet mn04_as), SEEDS (0)   that are trained side by side
#   SCENES (900)        of single recordings, a minute each, and two fifths as many dense ones
#   KINDS (1)           0: the folders in PACK are kinds of sounds already; otherwise the first teacher says what they are
#   START ()            folder with weights to start from, named like those that are trained, as far as it has them, and
#                       with their lists of recordings
#   BATCH (128)         seconds at a time; of taggers, an eighth as many windows of ten seconds
#   MODELS (.)          folder of the teachers' weights
#   DEVICE (auto), PYTHON (python3)
#   FIGURES (0)         1: while scenes are made, print the table of GPU figures (benchmarks/bench_training.py) to
#                       FOLDER/figures.md
set -uo pipefail
[ $# -eq 2 ] || { sed -n '2,26s/^# \{0,1\}//p' "$0"; exit 2; }

pack=$(realpath "$1") folder=$(realpath -m "$2")
minutes=${MINUTES:-9} teachers=${TEACHERS:-YamNet mn04_as} seeds=${SEEDS:-0} n_scenes=${SCENES:-900} batch=${BATCH:-128}
start=$(realpath -m "${START:-none}") models=$(realpath "${MODELS:-.}") device=${DEVICE:-auto} python=${PYTHON:-python3}
cd "$(dirname "$0")/.." || exit 1
end=$(awk "BEGIN { print int($(date +%s) + 60 * $minutes) }")
mkdir -p "$folder"/{data,log,made,models,reference_models} || exit 1
# The teachers' weights beside the transcoders that are trained here, which taggers look for.
for part in pann yamnet efficientat; do
    [ ! -e "$models/$part" ] || ln -sfnT "$models/$part" "$folder/models/$part"
done
ln -sfnT ../reference_models "$folder/models/reference_models"
has_torch="import sys, importlib.util; sys.exit(importlib.util.find_spec('torch') is None)"
"$python" -c "$has_torch" 2>/dev/null || { echo "$python has no PyTorch: name one that has with PYTHON" >&2; exit 1; }
on_gpu="import sys, torch; sys.exit('$device' == 'cpu' or not torch.cuda.is_available())"
graphs=$("$python" -c "$on_gpu" && echo --cuda_graphs)

left() { echo $((end - $(date +%s) - 10)); }

# Minutes that a share of the time left has, but for some seconds that other things take.
share_of_left() { awk "BEGIN { minutes = ($(left) * $1 - $2) / 60; print (minutes > 0.1 ? minutes : 0.1) }"; }

# Run a command until the end at most, 10 s before which it is told to save and stop; its output goes to a log.
until_end() {
    local log=$1; shift
    local seconds; seconds=$(left)
    [ "$seconds" -gt 0 ] || return 124
    timeout --foreground --signal=TERM --kill-after=8 "$seconds" "$@" >>"$folder/log/$log.txt" 2>&1
}

# The last line of the log that was written last, but for that of the figures.
last_words() {
    local log; log=$(ls -t "$folder"/log/*.txt 2>/dev/null | grep -v figures | head -1)
    [ -z "$log" ] || tr '\r' '\n' <"$log" | grep . | tail -1 | sed 's/^error: //'
}

# Unless it has been done, in this run or in one before.
once() {
    local name=$1; shift
    [ -e "$folder/made/$name" ] || { until_end "$name" "$@" && touch "$folder/made/$name"; }
}

make_datasets() {
    once unpack "$python" exp_train_model/pack_recordings.py --unpack "$pack" --output "$folder/recordings" || return
    local kinds=()
    if [ "${KINDS:-1}" != 0 ]; then
        once kinds "$python" exp_train_model/list_kinds.py "$folder/recordings" --output "$folder/kinds.csv" \
            --teacher "${teachers%% *}" --models "$models" --skip_errors || return
        kinds=(--kinds "$folder/kinds.csv")
    fi
    make_dataset alone "$n_scenes" --alone 0.6 --cut 0.4 --seed 1 "${kinds[@]}" &&
        make_dataset dense $(((2 * n_scenes + 4) / 5)) --seed 2 "${kinds[@]}"
}

make_dataset() { # name, scenes, options of make_scenes.py
    local name=$1 scenes=$2; shift 2
    once "scenes_$name" "$python" exp_train_model/make_scenes.py "$folder/recordings" --output "$folder/scenes_$name" \
        --scenes "$scenes" --skip_errors "$@" || return
    # shellcheck disable=SC2086
    once "features_$name" "$python" exp_train_model/create_mel_tho_dataset.py --teachers $teachers --float16 \
        --dataset_name "$name" --output_path "$folder/data" --audio_dataset_path "$folder/scenes_$name" \
        --train_ratio 0.94 --valid_ratio 0.03 --eval_ratio 0.03
}

experiment() { # log, selection, further options
    local log=$1 selection=$2; shift 2
    # shellcheck disable=SC2086
    until_end "$log" "$python" exp_train_model/main_doce_training.py -s "$selection" -c --device "$device" $graphs \
        --data_path "$folder/data" --output_path "$folder/results" --models "$folder/models" --datasets "$datasets" \
        --checkpoint_seconds 60 "$@"
}

# Train a network and put it where it is found.
train() { # teacher, name, selection, minutes, batch
    local weights="$start/$1_$2.safetensors" from=() heard=(--recordings "$folder/recordings/recordings.csv")
    if [ -e "$weights" ]; then
        from=(--start_from "$weights")
        heard+=("${weights%.safetensors}_recordings.csv")
        if [ ! -e "${heard[2]}" ]; then
            echo "$weights has no list of what it has heard: none is left beside $1_$2" >&2
            heard=()
        fi
    fi
    experiment "$1_$2" "$3+step=train" --minutes "$4" --batch_size "$5" "${from[@]}" &&
        "$python" exp_train_model/export_transcoders.py --name "$2" --float16 --folder "$folder/reference_models" \
            --data_path "$folder/data" --output_path "$folder/results" --datasets "$datasets" -s "$3+step=train" \
            "${heard[@]}" >>"$folder/log/export.txt" 2>&1
}

for_each_network() { # function of teacher, seed, and what a name ends with
    local teacher seed
    for seed in $seeds; do
        for teacher in $teachers; do
            "$1" "$teacher" "$seed" "$([ "$seed" = "${seeds%% *}" ] || echo "_$seed")" "$given" &
        done
    done
    wait
}

recipe="balance=1+learning_rate=-3+schedule=cosine+averaging=1+epoch=100"
train_tcn() {
    local factors="transcoder=tcn_pinv+objective=distillation+augmentation=1+$recipe"
    train "$1" "tcn$3" "generalise/$factors+dataset=$datasets+classifier=$1+seed=$2" "$4" "$batch"
}
train_taggers() {
    local windows=$(((batch + 7) / 8)) common="tagger/dataset=$datasets+classifier=$1+$recipe+seed=$2"
    train "$1" "tagger$3" "$common+cadence=fast+beside=1" "$4" "$windows" &
    [ -n "$3" ] || train "$1" tagger_slow "$common+cadence=slow+beside=0" "$4" "$windows"
    wait
}

datasets="alone&dense"
if [ "${FIGURES:-0}" = 1 ]; then
    a_third=$(awk "BEGIN { print 20 * $minutes }")
    until_end figures timeout "$a_third" bash -c "'$python' benchmarks/bench_training.py --tables device \
        --device '$device' --eager --models '$models' --steps 50 >'$folder/figures.md'" &
fi
if ! make_datasets && [ "$(left)" -gt 0 ]; then
    kill %1 2>/dev/null
    echo "no scenes could be made: $(last_words) (see $folder/log)" >&2
    exit 1
fi
wait
for teacher in $teachers; do
    experiment "scores_$teacher" "reference/transcoder=oracle+dataset=$datasets+classifier=$teacher+step=evaluate" &
done
wait
given=$(share_of_left 0.62 15) for_each_network train_tcn # 15 s to read the scenes
given=$(share_of_left 1 55) for_each_network train_taggers # and 40 to hear them through tcn
if ! ls -l "$folder"/reference_models/*.safetensors 2>/dev/null && [ "$(left)" -gt 0 ]; then
    echo "nothing could be trained: $(last_words) (see $folder/log)" >&2
    exit 1
fi
echo "$folder/log (ended after $minutes minutes at most; start again to go on)"
