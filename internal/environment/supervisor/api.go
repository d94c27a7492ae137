// Package supervisor is the process that owns a running environment, and the
// client of that process. One supervisor serves one environment: it makes it,
// holds its cluster and listeners, resets it and removes it, and when it dies
// the environment's processes end with it, and its data stay.
//
// The two speak HTTP and JSON over a unix socket in the environment's
// directory. Only root and the environment's owner are answered.
package supervisor

import (
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
)

// State is what a supervisor is doing.
type State string

// The states.
const (
	Idle      State = "idle" // nothing has been asked of it yet
	Starting  State = "starting"
	Running   State = "running"
	Resetting State = "resetting"
	Stopping  State = "stopping"
	Broken    State = "broken" // the cluster has ended by itself
)

// Request is what a start asks for. For an environment that exists already it
// only has to agree with it.
type Request struct {
	// Lab is the slug; LabDir the directory of a lab from elsewhere.
	Lab    string `json:"lab"`
	LabDir string `json:"labDir,omitempty"`
	Engine string `json:"engine"`
	// Docker is the address of the user's own Docker Engine, if the lab is to use it.
	Docker string `json:"docker,omitempty"`
	Seed   uint64 `json:"seed"`
	// Capabilities are what the engine was found to have; Began is when the user
	// asked, from which the time to ready counts.
	Capabilities []engine.Capability `json:"capabilities,omitempty"`
	Began        time.Time           `json:"began,omitzero"`
	// KeepOnFailure keeps the files of a failed start, to be looked at.
	KeepOnFailure bool `json:"keepOnFailure,omitempty"`
}

// Status is a supervisor's answer to a question after its health.
type Status struct {
	State State     `json:"state"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"` // of the state
	// Health is empty when all is well, else what is not.
	Health string `json:"health"`
}

// StopMode says what a stop leaves.
type StopMode string

// The modes of a stop.
const (
	Remove  StopMode = "remove"  // everything goes; changed work is kept aside
	Discard StopMode = "discard" // everything goes
	Keep    StopMode = "keep"    // the cluster ends, all data stay for a later start
)

// Result is what a long operation comes to.
type Result struct {
	// Resumed says that an environment that existed already was brought back.
	Resumed bool `json:"resumed,omitempty"`
	// Saved is the directory that the learner's files were copied to, if any.
	Saved string                 `json:"saved,omitempty"`
	Steps []environment.StepTime `json:"steps,omitempty"`
	Ms    int64                  `json:"ms"`
}

// event is one line of the stream that answers a long operation. One of the first
// fields is set. The last line has Result, and Problem, too, if it failed.
type event struct {
	Step     string                `json:"step,omitempty"`
	Progress string                `json:"progress,omitempty"`
	Done     *environment.StepTime `json:"done,omitempty"`
	Result   *Result               `json:"result,omitempty"`
	Problem  *environment.Problem  `json:"problem,omitempty"`
	// Ending is the process id of the supervisor if it ends after this line.
	Ending int `json:"ending,omitempty"`
}
