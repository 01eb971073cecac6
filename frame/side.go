package frame

// A Side is one end of a connection.
//
// https://www.rfc-editor.org/rfc/rfc6455#section-1.3
type Side uint8

const (
	Server Side = iota // accepts the connection; sends frames unmasked
	Client             // opens the connection; masks the frames it sends
)

// String returns "server" or "client".
func (s Side) String() string {
	if s == Server {
		return "server"
	}
	return "client"
}
