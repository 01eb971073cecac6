# Part of run: proxies in front of our server, and between our client and servers.
# All of them run as whoever runs this, with their files in $temp.

# quoted checks that docs/proxies.md has the configurations that are tested here.
quoted() {
	local name
	for name in nginx.conf haproxy.cfg; do
		sed -n "/^\`\`\`${name%.*}\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" docs/proxies.md |
			diff - "$here/proxies/$name" || fail "docs/proxies.md quotes another $name"
	done
}

# configure FILE ADDRESS [SED...] prints a configuration in front of ADDRESS
# that listens on $port and, for TLS, on $tls_port.
configure() {
	local file=$here/proxies/$1 address=$2
	shift 2
	sed -E -e "s|127\.0\.0\.1:9001|$address|" -e "s|/etc/ssl/example|$temp|" \
		-e "s/(listen |bind :|Port )(8080|8888)/\1$port/" -e "s/(listen |bind :)8443/\1$tls_port/" \
		-e 's/^( *listen )/\1127.0.0.1:/' -e 's/^( *bind )/\1127.0.0.1/' "$@" "$file"
}

# ports sets port and tls_port to free ones.
ports() {
	free_port
	tls_port=$port
	free_port
}

# nginx NAME ADDRESS [SED...] puts nginx in front of ADDRESS, configured as sed -E changes it,
# and sets address and tls_address to where that is. haproxy and the others do alike.
nginx() {
	local folder=$temp/nginx-$1
	ports
	mkdir -p "$folder"
	cp "$here/proxies/nginx-main.conf" "$folder/main.conf"
	configure nginx.conf "${@:2}" >"$folder/site.conf"
	start_on "$port" "nginx-$1" "$(type -P nginx || echo /usr/sbin/nginx)" -e stderr -p "$folder" -c "$folder/main.conf"
	address=127.0.0.1:$port tls_address=127.0.0.1:$tls_port
}

haproxy() { run_haproxy haproxy.cfg "$@"; }

haproxy_tls() { run_haproxy haproxy-tls.cfg "$@"; }

run_haproxy() {
	local file=$temp/$2-$1
	ports
	configure "$1" "${@:3}" >"$file"
	start_on "$tls_port" "$2-${1%.*}" "$(type -P haproxy || echo /usr/sbin/haproxy)" -db -f "$file"
	address=127.0.0.1:$port tls_address=127.0.0.1:$tls_port
}

tinyproxy() {
	ports
	configure tinyproxy.conf "${@:2}" >"$temp/tinyproxy-$1"
	start_on "$port" "tinyproxy-$1" "${names[@]}" tinyproxy -d -c "$temp/tinyproxy-$1"
	address=127.0.0.1:$port
}

# microsocks NAME [OPTION...] starts a SOCKS5 proxy.
microsocks() {
	ports
	start_on "$port" "microsocks-$1" "${names[@]}" microsocks -i 127.0.0.1 -p "$port" "${@:2}"
	address=127.0.0.1:$port
}

drive_reverse() {
	debian nginx-light test -x /usr/sbin/nginx
	debian haproxy test -x /usr/sbin/haproxy
	quoted
	local proxy
	for proxy in nginx haproxy; do
		echo "# $proxy in front of our server"
		passes_all "$proxy"
		passes_suite "$proxy"
		passes_origins "$proxy"
		counts_clients "$proxy"
	done
	misses_lines
	echo "# proxies that end what is idle for 2 s"
	idle
}

# passes_all PROXY drives servers of ours through a proxy, and from TLS to none.
passes_all() {
	local proxy=$1
	start echo "$temp/echo" -addr 127.0.0.1:0
	"$proxy" echo "$address"
	node_client "ws://$address/"
	node_client "wss://$tls_address/"
	node_compression "ws://$address/" 15 client_max_window_bits "$forget"
	stop_all

	start goserver "$temp/goserver" -raw
	"$proxy" go "$address"
	"$temp/goclient" "ws://$address"
	"$temp/goclient" -ca "$temp/cert.pem" "wss://$tls_address"
	"$temp/goclient" "ws://$address" from
	stop_all

	goes_away "$proxy" node_client
	goes_away "$proxy" "$temp/goclient"
	stop_all
}

# Cases that nginx decides: it refuses a Host with a tab before it (x.5.14),
# its own request is one of HTTP/1.1 (x.5.26), and has "Connection: upgrade" whatever it got (x.5.35 to x.5.38).
nginx_cases=x.5.14,x.5.26,x.5.35,x.5.36,x.5.37,x.5.38

# Cases that run through proxies: all but most of those of compression (12 and 13), which are a thousand messages each.
suite_cases='1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*,12.*.3,13.*.3,x.*'

# passes_suite PROXY runs the conformance suite against our server through a proxy.
passes_suite() {
	local proxy=$1 exclude=()
	[ "$proxy" != nginx ] || exclude=(-exclude "$nginx_cases")
	start suite "$temp/echo" -raw -addr 127.0.0.1:0
	"$proxy" suite "$address"
	suite "$proxy" server -url "ws://$address" "${exclude[@]}"
	stop_all
}

# suite WHAT ROLE OPTION... runs the cases, and expects the verdicts that there are without a proxy.
suite() {
	local what=$1 role=$2
	shift 2
	"$temp/autobahn" -cases "$suite_cases" -parallel 16 -expect "autobahn/expected/$role.json" -outdir "$temp/reports" "$@" \
		>"$temp/suite.log" 2>&1 || fail "$what: the conformance suite"
	ok "$what: $(grep -E '^passed all' "$temp/suite.log") of the conformance suite"
}

# passes_origins PROXY expects that pages of the proxy's own host may connect, if we learn that host.
passes_origins() {
	local proxy=$1 handshake=("${upgrade[@]}" -H 'Sec-WebSocket-Version: 13') backend
	start origins "$temp/echo" -addr 127.0.0.1:0
	backend=$address
	"$proxy" origins "$backend"

	request "${handshake[@]}" -H "Origin: http://$address" "http://$address/"
	has "a page of the proxy's host" head.lf '^HTTP/1.1 101 '
	request --cacert "$temp/cert.pem" "${handshake[@]}" -H "Origin: https://$tls_address" "https://$tls_address/"
	has "a page of the proxy's host, with TLS" head.lf '^HTTP/1.1 101 '
	request "${handshake[@]}" -H 'Origin: http://elsewhere.example' "http://$address/"
	has 'a page of another host' head.lf '^HTTP/1.1 403 '
	ok "$proxy: pages of its own host may connect, others not"

	stop_all
}

# misses_lines puts nginx with a line too few in front of our server, as docs/proxies.md has it.
misses_lines() {
	local handshake=("${upgrade[@]}" -H 'Sec-WebSocket-Version: 13') backend
	start missing "$temp/echo" -raw -addr 127.0.0.1:0
	backend=$address

	nginx nohost "$backend" -e '/ Host /d'
	request "${handshake[@]}" -H "Origin: http://$address" "http://$address/"
	has 'without the Host field' head.lf '^HTTP/1.1 403 '
	nginx noport "$backend" -e 's/http_host/host/'
	request "${handshake[@]}" -H "Origin: http://$address" "http://$address/"
	has 'with Host $host, which has no port' head.lf '^HTTP/1.1 403 '
	ok 'nginx: without the Host field, or without its port, pages are refused'

	nginx noversion "$backend" -e '/ proxy_http_version /d'
	request "${handshake[@]}" "http://$address/"
	has 'with HTTP/1.0' head.lf '^HTTP/1.1 400 '
	nginx noupgrade "$backend" -e '/ Upgrade /d'
	request "${handshake[@]}" "http://$address/"
	has 'without the Upgrade field' head.lf '^HTTP/1.1 426 '
	nginx noconnection "$backend" -e '/ Connection /d'
	request "${handshake[@]}" "http://$address/"
	has 'without the Connection field' head.lf '^HTTP/1.1 400 '
	ok 'nginx: with HTTP/1.0, or without the Upgrade or the Connection field, there is no connection'
	stop_all
}

# counts_clients PROXY expects our server to tell clients apart by what the proxy says of them.
counts_clients() {
	local proxy=$1 handshake=("${upgrade[@]}" -H 'Sec-WebSocket-Version: 13') backend
	start goserver "$temp/goserver" -per-client 1
	backend=$address
	"$proxy" clients "$backend"
	spawn first "$temp/goclient" "ws://$address" going-away
	said first ready
	request "${handshake[@]}" "http://$address/echo"
	has 'the second connection of a client' head.lf '^HTTP/1.1 429 '
	request "${handshake[@]}" --interface 127.0.0.2 "http://$address/echo"
	has 'the first of another client' head.lf '^HTTP/1.1 101 '
	request "${handshake[@]}" -H 'X-Forwarded-For: 203.0.113.9' "http://$address/echo"
	has 'the second of a client that claims to be another' head.lf '^HTTP/1.1 429 '
	ok "$proxy: clients are told apart by X-Forwarded-For"

	"$proxy" adding "$backend" -e 's/remote_addr/proxy_add_x_forwarded_for/' -e 's/http-request .*/option forwardfor/'
	request "${handshake[@]}" -H 'X-Forwarded-For: 203.0.113.9' "http://$address/echo"
	has 'the same where the proxy adds to the field' head.lf '^HTTP/1.1 101 '
	ok "$proxy: where it adds to X-Forwarded-For, clients get around the limit"
	stop_all
}

# idle has connections be idle for longer than a proxy allows: all proxies at the same time.
idle() {
	local proxy waiting=()
	for proxy in nginx haproxy; do
		start "pinging-$proxy" "$temp/echo" -addr 127.0.0.1:0 -keepalive 1s
		"$proxy" pinging "$address" -e 's/60s/2s/'
		expect "$proxy: pings of the server keep it open" "$temp/goclient" "ws://$address" idle
		expect "$proxy: pings of the server keep it open" node_client "ws://$address" idle

		start "silent-$proxy" "$temp/echo" -v -addr 127.0.0.1:0 -keepalive 0
		"$proxy" silent "$address" -e 's/60s/2s/'
		expect "$proxy: pings of our client keep it open" "$temp/goclient" -keepalive 1s "ws://$address" idle
		expect "$proxy: without pings it ends with 1006" "$temp/goclient" "ws://$address" lost
		expect "$proxy: without pings it ends with 1006" node_client "ws://$address" lost
	done
	start untold "$temp/echo" -addr 127.0.0.1:0 -keepalive 0
	haproxy untold "$address" -e '/tunnel/d' -e 's/30s/2s/'
	expect 'haproxy: without timeout tunnel, the others count' "$temp/goclient" "ws://$address" lost
	expected
	for proxy in nginx haproxy; do
		[ "$(grep -c 'without a close frame' "$temp/silent-$proxy.log")" -eq 2 ] || fail "$proxy: the server notices two ends"
		ok "$proxy: the server notices both ends"
	done
	stop_all
}

# expect WHAT COMMAND... runs a client at the same time; expected waits for all of them.
expect() {
	local what=$1 log
	log=$temp/expect-${#waiting[@]}.log
	shift
	"$@" >"$log" 2>&1 &
	jobs+=($!)
	waiting+=("$!" "$log" "$what")
}

expected() {
	local i
	for ((i = 0; i < ${#waiting[@]}; i += 3)); do
		wait "${waiting[i]}" || fail "${waiting[i + 2]}: $(cat "${waiting[i + 1]}")"
		ok "${waiting[i + 2]} ($(sed -E 's/^ok +([a-z]+):.*/\1/' "${waiting[i + 1]}"))"
	done
}

# preloads succeeds if there is such a library. Without it, programs run all the same and say so.
preloads() { [ -z "$(env LD_PRELOAD="$1" true 2>&1)" ]; }

drive_forward() {
	debian tinyproxy type -P tinyproxy
	debian microsocks type -P microsocks
	debian libnss-wrapper preloads libnss_wrapper.so
	# A name that only the proxies know. Loopback addresses are reached without a proxy.
	echo 127.0.0.1 server.test >"$temp/hosts"
	names=(env LD_PRELOAD=libnss_wrapper.so "NSS_WRAPPER_HOSTS=$temp/hosts")

	local plain secure http http_auth https socks socks_auth
	start plain "$temp/goserver"
	plain=ws://server.test:${address#*:}
	start secure "$temp/goserver" -raw "$temp/cert.pem" "$temp/key.pem"
	secure=wss://server.test:${address#*:}
	tinyproxy open -
	http=$address
	tinyproxy auth - -e '$aBasicAuth user secret'
	http_auth=$address
	haproxy_tls tls "$http_auth"
	https=$tls_address
	microsocks open
	socks=$address
	microsocks auth -u user -P secret
	socks_auth=$address

	through "http://$http" "$plain" "$secure"
	through "http://user:secret@$http_auth" "$plain" "$secure"
	through "https://user:secret@$https" "$plain" "$secure"
	through "socks5://$socks" "$plain" "$secure"
	through "socks5h://user:secret@$socks_auth" "$plain" "$secure"

	echo '# proxies that refuse'
	refused "http://$http_auth" "$plain" 'the status is 407 '
	refused "http://user:wrong@$http_auth" "$plain" 'the status is 401 ' # what tinyproxy says instead of 407
	refused "http://$http" ws://nowhere.test:80 'the status is 500 '
	refused "socks5://$socks_auth" "$plain" 'the proxy wants a user and a password'
	refused "socks5://user:wrong@$socks_auth" "$plain" 'the proxy refuses the user or the password'
	refused "socks5://$socks" ws://server.test:1 'the SOCKS reply is 5, connection refused'

	echo '# proxies of the environment'
	by_environment "$http" "$socks" "$plain" "$secure"

	echo '# the conformance suite through proxies'
	client_suite "http://$http"
	client_suite "socks5://$socks"
	stop_all
}

# through PROXY URL... runs all checks of our client through a proxy.
through() {
	local proxy=$1 url
	shift
	echo "# our client through ${proxy%:*}"
	for url; do
		"$temp/goclient" -ca "$temp/cert.pem" -proxy "$proxy" "$url"
	done
}

# refused PROXY URL TEXT expects no connection.
refused() { "$temp/goclient" -proxy "$1" "$2" refused "$3"; }

# by_environment HTTP SOCKS PLAIN SECURE gives the client its proxies by environment variables.
# 0.0.0.0 is this machine, too, and no loopback address; nobody listens on port 1.
by_environment() {
	local here=${3/server.test/0.0.0.0} dead=http://127.0.0.1:1 client=("$temp/goclient" -ca "$temp/cert.pem")
	HTTP_PROXY=$1 "${client[@]}" "$3" echo
	HTTPS_PROXY=socks5://$2 "${client[@]}" "$4" echo
	ALL_PROXY=socks5://$2 "${client[@]}" "$3" echo
	HTTP_PROXY=$dead "${client[@]}" "$here" refused 'proxy http://127.0.0.1:1: '
	HTTP_PROXY=$dead NO_PROXY=example.com,0.0.0.0/8 "${client[@]}" "$here" echo
	HTTP_PROXY=$dead "${client[@]}" "${3/server.test/127.0.0.1}" echo
	HTTPS_PROXY=$dead "${client[@]}" "$here" echo
}

# Cases of 1000 messages that are longer than the buffers of these proxies, which send the rest of each
# when the system finds that it is time to (Nagle's algorithm): they pass, but take 100 s.
slow_cases=9.7.5,9.7.6,9.8.5,9.8.6

# client_suite PROXY takes our client through the conformance suite, through a proxy that the environment names.
client_suite() {
	local suite_pid
	free_port
	suite "${1%%:*}" client -listen "127.0.0.1:$port" -exclude "$slow_cases" &
	suite_pid=$!
	jobs+=("$suite_pid")
	until listens "$port"; do
		kill -0 "$suite_pid" 2>/dev/null || fail 'the suite ended at once'
		sleep 0.1
	done
	HTTP_PROXY=$1 "$temp/wsclient" -url "ws://server.test:$port" -agent ws -parallel 16 -stop \
		>"$temp/wsclient.log" 2>&1 || fail "${1%%:*}: the client did not get through the conformance suite"
	wait "$suite_pid"
}
