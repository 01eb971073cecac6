package report

import (
	"fmt"

	"github.com/ws6455/ws/autobahn/internal/fuzzer"
	"github.com/ws6455/ws/autobahn/internal/suite"
)

// Passed reports whether the peer did what the case asks for, in its behavior and in the closing.
// What it does not implement is no failure. NON-STRICT is one if strict is set.
// The closing is judged the same way always: a wrong code and an unclean end are failures.
func Passed(r *fuzzer.Result, strict bool) bool {
	if !r.Opened && r.Case.Refusal == nil {
		return false // whatever the verdict, such as INFORMATIONAL
	}
	switch r.Behavior {
	case suite.OK, suite.Informational, suite.Unimplemented:
	case suite.NonStrict:
		if strict {
			return false
		}
	default:
		return false
	}
	return closedWell(r)
}

// closedWell reports whether the closing is as the case asks for.
func closedWell(r *fuzzer.Result) bool {
	return r.BehaviorClose == suite.OK || r.BehaviorClose == suite.Informational
}

// Line returns a line of some 300 characters at the most that says what the fuzzer sent, what it expected
// and what it received. Whatever the peer sent, it has no control characters.
func Line(r *fuzzer.Result) string {
	return fmt.Sprintf("%s %s / %s: sent %s; expected %s; received %s",
		r.Case.ID, r.Behavior, r.BehaviorClose, sent(r.Case), expected(r.Case), received(r))
}
