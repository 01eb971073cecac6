// Package handshake turns HTTP fields into an agreement:
// the opening handshake of WebSocket, as values in and values out.
// It does no I/O, starts no goroutine, reads no clock and draws no random number.
//
// # Terms
//
//   - A request is what a client sends, a response what a server answers.
//     The head of either is its first line, its fields and the empty line after them.
//   - A field is a line "Name: value"; several of one name are the lines of that field.
//   - A client makes an [Offer]. A server has a [Policy].
//     What they settle on is an [Agreement].
//   - A subprotocol says what the messages mean; an extension changes the frames.
//     The one extension that is known here is permessage-deflate, which compresses messages.
//   - An [Error] is a refusal by the server: a status, fields, and a reason for a person.
//
// # Usage
//
// A server calls [Policy.Check] with a request, then writes either
// the [Error] or what [AppendResponse] appended:
//
//	a, refusal := policy.Check(r)
//	if refusal != nil {
//		… // write refusal.Status, refusal.Header and refusal.Reason
//	}
//	out = handshake.AppendResponse(out, r.Header.Get("Sec-WebSocket-Key"), a, extra)
//
// A server without net/http gives [ConsumeRequest], or a [RequestParser] that goes on
// where it stopped, what arrives until it has a request, and decides with
// [Policy.CheckRequest]. The rules are the same: what is accepted in this way,
// net/http and [Policy.Check] accept, too, with the same result.
//
// A client calls [Offer.AppendRequest], sends what was appended, gives
// [ConsumeResponse] what arrives until it has a response,
// and holds that against the offer with [Offer.Check].
//
// # Compression
//
// [Deflate.Offers] is what a client puts in its Offer, and [Deflate.Answer] is for a [Policy].Negotiate.
// What both agreed on is told by [Agreement.Deflate]. It is what the response says,
// and neither side needs to know which of the offers that answers.
//
//   - A server takes the first offer that it can accept: each that breaks no rule.
//     Others are declined, and the handshake goes on.
//   - It answers server_no_context_takeover and client_no_context_takeover if the client offers them,
//     or if [Deflate].Takeover is false.
//   - It answers server_max_window_bits and client_max_window_bits only if the client offers them,
//     and then with the smaller value of the two sides.
//     A client that cannot be told to keep a small window is told client_no_context_takeover.
//   - A client always offers client_max_window_bits. If its own window is smaller than 15 bits,
//     it offers server_max_window_bits, too, and a second choice for servers that do not
//     know that: server_no_context_takeover.
//   - [Offer.Check] accepts what any of the offers allows, and one answer at most:
//     two would both mean the bit RSV1.
//
// Other extensions may be offered and accepted; what their parameters mean, whether they go together
// and in which order, is for those to check who know them.
//
// # Concurrency
//
// Functions keep no state, and methods only read their receivers:
// all may be called at once from any goroutine.
//
// # Limits
//
// Time and memory are linear in what is parsed, and lists are bounded:
// 64 subprotocols, 32 extensions, 16 parameters of each,
// 128 fields of a response, and of a request unless [RequestParser] says otherwise.
// An error names the bound that was met.
// The size of a head is for the caller to bound,
// who knows how much has been read: see [ConsumeResponse].
// A [RequestParser] looks at each byte once, in however many pieces a head comes.
//
// # Security
//
//   - The origin of a browser is checked unless Policy.Origins has "*".
//     It must be at the host of the request, or match a pattern.
//     The scheme counts only in patterns that have one: a page from
//     http://example.com may connect to a server at https://example.com,
//     since behind a proxy the server cannot know which of the two it is.
//     A request without origin is not from a browser and passes.
//     The Host field is taken as it came; a server that listens on an address
//     which other names may point at should check that, too.
//   - Nothing that is appended can be split into more lines or fields than
//     it has: what is not a token, or has a control character, is an error
//     in a request, and is left out of a response.
//   - Applications cannot set the fields of the handshake: see [CheckFields].
//   - A reason quotes at most some 100 bytes of what was received,
//     with everything that is not printable ASCII escaped,
//     and no value of a field that is not the handshake's, such as Authorization.
//
// # Choices
//
// Where RFC 6455 leaves a choice, or its successors in HTTP do:
//
//   - A server takes the first subprotocol in the client's order that it has.
//   - Names and values of subprotocols and extensions are compared exactly:
//     "Permessage-Deflate" is the name of no known extension.
//   - A parameter that occurs twice is for the extension to judge. Permessage-deflate allows none.
//   - A list that is there but has no element, such as "," or "", is malformed.
//   - A request with a body is refused, since frames follow the head.
//   - The syntax of a head is that of RFC 9112, without what it lets a recipient forgive.
//     A target is a path, or an http or https URI, which then says what host is meant.
//   - The answer of permessage-deflate to a hint of client_max_window_bits may be larger than that:
//     RFC 7692 does not forbid it, and a client may always use less.
//   - A server sends one Sec-WebSocket-Extensions line; a client takes several
//     (https://www.rfc-editor.org/errata/eid3433).
//   - A response without a subprotocol is accepted whatever was offered.
//   - HTTP/1.1 only: RFC 8441 has no key to hash and no field to upgrade.
package handshake
