#!/bin/sh
# Makes OUTPUT.vtt of what pocketsphinx hears in AUDIO, a WAV file of 16 kHz and
# one channel: pocketsphinx.sh AUDIO OUTPUT
#
# For each utterance pocketsphinx_continuous prints its text, then a line for
# each word: the word, perhaps with the number of its pronunciation, when it
# begins and ends in seconds, and how sure it is. What is in <> or [] is no word.
set -eu
heard=$(pocketsphinx_continuous -infile "$1" -time yes -logfn /dev/null)
printf '%s\n' "$heard" | awk '
	function clock(seconds,  ms) {
		ms = int(seconds * 1000 + 0.5)
		return sprintf("%02d:%02d:%02d.%03d", int(ms / 3600000), int(ms / 60000) % 60, int(ms / 1000) % 60, ms % 1000)
	}
	function flush() {
		if (text != "") printf "\n%s --> %s\n%s\n", clock(start), clock(end), text
		text = ""
	}
	BEGIN { print "WEBVTT" }
	NF == 4 && $2 $3 $4 ~ /^[0-9.]+$/ {
		if ($1 == "<s>") flush()
		if ($1 ~ /^[<\[]/) next
		sub(/\([0-9]+\)$/, "", $1)
		if (text == "") { text = $1; start = $2 } else text = text " " $1
		end = $3
	}
	END { flush() }
' >"$2.vtt"
