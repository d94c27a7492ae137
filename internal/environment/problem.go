package environment

import (
	"errors"
	"fmt"

	"labctl.dev/labctl/internal/engine"
)

// Problem is an error for people: what happened and why, and the next command
// to type. Its code is stable, for programs. It crosses the supervisor's socket
// unharmed.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Hint is what to do, with commands in `backquotes`. May be empty.
	Hint string `json:"hint"`
	// Err is the cause, if there is one. It is already part of Message.
	Err error `json:"-"`
}

// The codes of problems.
const (
	CodeNoEnvironment   = "NoEnvironment"   // none of that name, or none at all
	CodeNotRunning      = "NotRunning"      // there, but its supervisor is not
	CodeBusy            = "Busy"            // another labctl is at work on it
	CodeCorruptState    = "CorruptState"    // a state file cannot be read
	CodeState           = "StateDirectory"  // the state directory cannot be used
	CodeEngine          = "EngineFailed"    // the engine could not do it
	CodeNoEngine        = "NoEngine"        // no engine can run the lab here
	CodeNeedsRoot       = "NeedsRoot"       // root is needed to start it
	CodeSetup           = "SetupFailed"     // the lab's own starting state did not come up
	CodeSupervisor      = "Supervisor"      // the supervisor broke or does not answer
	CodeInterrupted     = "Interrupted"     // by the user
	CodeInvalidLab      = "InvalidLab"      // lab.yaml and what belongs to it
	CodeUnknownLab      = "UnknownLab"      // no such lab
	CodeOtherLab        = "OtherLab"        // the environment runs another lab
	CodeUntrusted       = "Untrusted"       // a lab from elsewhere, not yet trusted
	CodeUnsupported     = "Unsupported"     // this engine cannot do that
	CodeNotYours        = "NotYours"        // the environment belongs to another user
	CodeUnknownArgument = "UnknownArgument" // no such task, check, node, …
)

func (p *Problem) Error() string { return p.Message }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// problem makes a Problem whose message ends in its cause.
func problem(code, hint string, err error, format string, args ...any) *Problem {
	message := fmt.Sprintf(format, args...)
	if err != nil {
		message += ": " + err.Error()
	}
	return &Problem{Code: code, Message: message, Hint: hint, Err: err}
}

// AsProblem finds the problem in an error, or makes one of what an engine stands
// on; nil if there is neither. What was joined to it on its way up is in the message.
func AsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return &Problem{Code: p.Code, Message: err.Error(), Hint: p.Hint, Err: err}
	}
	var trouble *engine.Trouble
	if errors.As(err, &trouble) {
		return &Problem{Code: CodeEngine, Message: err.Error(), Hint: trouble.Remedy, Err: err}
	}
	return nil
}
