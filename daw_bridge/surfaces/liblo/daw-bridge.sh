#!/bin/sh
# daw-bridge from a shell, with liblo's two tools (Debian: liblo-tools; Homebrew: liblo): ask for a clip by its prompt,
# hear what becomes of it, and print the path of the best take. The daemon must run: daw-bridge serve
#
#   ./daw-bridge.sh "dusty breakbeat"
#   aplay "$(./daw-bridge.sh "deep house chords" 8 2>/dev/null)"     # so many bars
set -eu
daemon=9310
hear=9313
patience=5 # seconds in which a daemon has long answered
prompt=${1:?say what the clip shall sound like, such as: "dusty breakbeat"}
bars=${2:-2}

folder=$(mktemp -d)
mkfifo "$folder/reports"
oscdump -L "$hear" >"$folder/reports" &
dump=$!
# While nothing is heard, this ends oscdump, and with it the reports. It holds no output that somebody may wait for.
(sleep "$patience" && kill "$dump") >/dev/null 2>&1 &
watch=$!
trap 'kill "$dump" "$watch" 2>/dev/null || :; rm -r "$folder"' EXIT
exec 3<"$folder/reports"
sleep 0.5 # oscdump does not say when its port is open

# oscsend has left before the answer comes, so the request names the port that hears.
oscsend localhost "$daemon" /bridge/generate ssisisi "$prompt" bars "$bars" takes 2 reply_port "$hear"

# Each line of oscdump: a time stamp, an address, the types, the arguments.
while read -r _ address _ arguments <&3; do
  kill "$watch" 2>/dev/null || :
  echo "$address $arguments" >&2
  case $address in
  /bridge/delivered) # "id" rank score "path"; rank 1 is the best
    rest=${arguments#*\" }
    path=${rest#*\"}
    case $rest in "1 "*) printf '%s\n' "${path%\"}" ;; esac
    ;;
  /bridge/done) exit 0 ;;
  /bridge/cancelled | /bridge/failed | /bridge/error) exit 1 ;;
  esac
done
echo "no answer from the daemon at port $daemon; start daw-bridge serve, or set daemon= in $0 to its port" >&2
exit 1
