#!/bin/sh
# Install the Debian packages that are missing, or say in one line which ones to install.
set -eu

missing=""
command -v ffmpeg >/dev/null || missing="$missing ffmpeg"
command -v fluidsynth >/dev/null || missing="$missing fluidsynth"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
while read -r file package; do
  [ -e "/usr/share/sounds/$file" ] || missing="$missing $package"
done <<FONTS
sf2/FluidR3_GM.sf2 fluid-soundfont-gm
sf2/TimGM6mb.sf2 timgm6mb-soundfont
sf2/sf_GMbank.sf2 csound-soundfont
sf2/MuseScore_General_Full.sf2 musescore-general-soundfont-lossless
FONTS
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true 2>/dev/null; then run="sudo -n"; else run="false"; fi
export DEBIAN_FRONTEND=noninteractive
echo "installing$missing"
# shellcheck disable=SC2086
if ! { $run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends $missing >/dev/null; }; then
  echo "error: these Debian packages are missing and could not be installed here: apt-get install$missing" >&2
  exit 1
fi
