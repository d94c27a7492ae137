package engine

// Trouble is what an engine stands on failing it: the user's Docker, a disk, a port.
// It says so to a person, with what helps.
type Trouble struct {
	Reason string // what is wrong
	// Remedy is what to do, with commands in `backquotes`.
	Remedy string
	// Err is the cause, if there is one. It is already part of Reason.
	Err error
}

func (t *Trouble) Error() string { return t.Reason }

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }
