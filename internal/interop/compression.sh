# Part of run: messages compressed with permessage-deflate.
# Parameters are written as in Sec-WebSocket-Extensions; "none" is no extension at all.

forget='server_no_context_takeover; client_no_context_takeover'
small='server_max_window_bits=9; client_max_window_bits=9'

drive_compression() {
	echo '# others against our echo server, with compression'
	compress -window 15 -- \
		client_max_window_bits "$forget" \
		"$small" "$forget; $small" \
		none none
	compress -takeover -window 15 -- \
		client_max_window_bits '' \
		'' '' \
		server_no_context_takeover server_no_context_takeover \
		client_no_context_takeover client_no_context_takeover \
		"$small" "$small" \
		server_max_window_bits=8 server_max_window_bits=8
	compress -takeover -window 9 -raw -- \
		client_max_window_bits client_max_window_bits=9 \
		'' client_no_context_takeover
	compress -compress=false -- \
		client_max_window_bits none \
		"$forget" none

	# Python's zlib does not compress with a window of 8 bits. That of Node does as if it were 9,
	# and refers no farther back than 250 bytes in either.
	answers node -takeover -window 8 -- client_max_window_bits client_max_window_bits=8

	agree_with node node "$temp/node/server.mjs"
	agree_with python python server
	start node node "$temp/node/server.mjs" -deflate ''
	agrees 'server_max_window_bits=8; client_max_window_bits=8' -takeover -window 8
	stop "$pid"
}

# compress FLAG... -- [OFFER ANSWER]... has node and Python exchange messages
# with our echo server, which gives each offer the answer.
compress() {
	answers node "$@"
	answers python "$@"
}

# answers CLIENT FLAG... -- [OFFER ANSWER]... is compress for one of them.
answers() {
	local client=$1 flags=() window=15
	shift
	while [ "$1" != -- ]; do
		[ "$1" != -window ] || window=$2
		flags+=("$1")
		shift
	done
	start echo "$temp/echo" -addr 127.0.0.1:0 "${flags[@]}"
	"${client}_compression" "ws://$address/" "$window" "${@:2}"
	stop "$pid"
}

node_compression() { node "$temp/node/compression.mjs" "$@"; }

python_compression() { python compression "$@"; }

# agree_with NAME COMMAND... has our client exchange messages with a server,
# which is told what it wants of the extension.
agree_with() {
	local name=$1
	shift
	echo "# our client against $name, with compression"
	start "$name" "$@" -deflate ''
	agrees "$forget" -window 15
	agrees '' -takeover -window 15
	agrees "$small" -takeover -window 9
	"$temp/goclient" "ws://$address" agreed none
	"$temp/goclient" -compress -takeover "ws://$address"
	stop "$pid"

	wants server_no_context_takeover server_no_context_takeover "$@"
	wants client_no_context_takeover client_no_context_takeover "$@"
	wants "$small" "$small" "$@"
	wants none none "$@"
}

# agrees ANSWER FLAG... expects our client and the server at $address to agree on the answer.
agrees() { "$temp/goclient" -compress "${@:2}" "ws://$address" agreed "$1"; }

# wants PARAMETERS ANSWER COMMAND... runs a server that wants the parameters, which leads to the answer.
wants() {
	start wants "${@:3}" -deflate "$1"
	agrees "$2" -takeover
	stop "$pid"
}
