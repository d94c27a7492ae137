package lab

// Stimulus is something a check does to the environment: exactly one field of
// the first group. Every stimulus undoes itself when the check ends, however it
// ends.
type Stimulus struct {
	Apply   *ApplyStimulus   `json:"apply,omitempty" jsonschema:"oneof_required=apply"`
	Delete  *DeleteStimulus  `json:"delete,omitempty" jsonschema:"oneof_required=delete"`
	Scale   *ScaleStimulus   `json:"scale,omitempty" jsonschema:"oneof_required=scale"`
	Rollout *RolloutStimulus `json:"rollout,omitempty" jsonschema:"oneof_required=rollout"`
	Load    *LoadStimulus    `json:"load,omitempty" jsonschema:"oneof_required=load"`
	Drain   *DrainStimulus   `json:"drain,omitempty" jsonschema:"oneof_required=drain"`
	Exec    *ExecStimulus    `json:"exec,omitempty" jsonschema:"oneof_required=exec"`
	Docker  *DockerStimulus  `json:"docker,omitempty" jsonschema:"oneof_required=docker"`
}

// DockerStimulus does something to a container of the learner's, which is named,
// or compose/SERVICE, or runs one of the checker's own. Undone by bringing back
// the learner's container itself, as it was.
type DockerStimulus struct {
	// Stop stops a container as docker stop does.
	Stop string `json:"stop,omitempty" jsonschema:"oneof_required=stop"`
	// Kill kills one. Its restart policy does not apply, as after docker kill.
	Kill string `json:"kill,omitempty" jsonschema:"oneof_required=kill"`
	// Pause freezes one.
	Pause string `json:"pause,omitempty" jsonschema:"oneof_required=pause"`
	// Restart restarts one.
	Restart string `json:"restart,omitempty" jsonschema:"oneof_required=restart"`
	// Recreate replaces one by a new one, made of the same image with the same
	// settings: what is not in a named volume is lost with the old one.
	Recreate string `json:"recreate,omitempty" jsonschema:"oneof_required=recreate"`
	// Disconnect takes one out of the network From.
	Disconnect string `json:"disconnect,omitempty" jsonschema:"oneof_required=disconnect"`
	From       string `json:"from,omitempty"`
	// Run runs a container of the checker's.
	Run *DockerRun `json:"run,omitempty" jsonschema:"oneof_required=run"`
	// Rehearse brings up a copy of the learner's Compose project.
	Rehearse *DockerRehearsal `json:"rehearse,omitempty" jsonschema:"oneof_required=rehearse"`
}

// DockerRehearsal is a copy of the Compose project in the learner's workspace,
// brought up beside it by docker compose up: with containers, networks and volumes
// of its own, and without published ports and fixed addresses. A project that does
// not come up is the finding ComposeFailed.
type DockerRehearsal struct {
	// Name is the copy's project name; it begins with labctl-. Its containers are
	// called NAME-SERVICE-1.
	Name string `json:"name" jsonschema:"pattern=^labctl-[a-z0-9-]+$"`
	// Env are variables by service, in place of those that the project gives it.
	Env map[string]map[string]string `json:"env,omitempty"`
	// Files are contents of files in the workspace, in place of what the learner has
	// there. Compose sees them; what containers mount is the learner's.
	Files map[string]string `json:"files,omitempty"`
	// Again takes the copy that an earlier rehearsal made down first, as docker
	// compose down does, and brings it up anew: what is in volumes of its stays.
	Again bool `json:"again,omitempty"`
}

// NeedsDocker tells whether the stimulus is one of Docker's.
func (s Stimulus) NeedsDocker() bool {
	return s.Docker != nil || s.Exec != nil && OfDocker(s.Exec.Of)
}

// DockerRun is a container that a check runs, of an image of the learner's maybe.
type DockerRun struct {
	// Name is the container's; it begins with labctl-.
	Name  string `json:"name" jsonschema:"pattern=^labctl-[a-z0-9-]+$"`
	Image string `json:"image"`
	// Command replaces the image's command, Entrypoint its entrypoint.
	Command    []string          `json:"command,omitempty"`
	Entrypoint []string          `json:"entrypoint,omitempty"`
	Env        map[string]string `json:"env,omitempty"`
	// User replaces the image's user.
	User string `json:"user,omitempty"`
	// Network is one to be in; Docker's default one if left out.
	Network string `json:"network,omitempty"`
	// Volumes are mounts, as volume:/path.
	Volumes []string `json:"volumes,omitempty"`
	// Memory is the most it may use, such as 64m.
	Memory string `json:"memory,omitempty"`
	// ReadOnly makes its root file system read-only.
	ReadOnly bool `json:"readOnly,omitempty"`
}

// ExecStimulus runs a command in containers of the learner's: a fault from
// inside, such as making a process hang. The command has to succeed: exit code 0,
// or its end by a signal, of its own maybe; any other is the finding
// CommandFailed, so that nobody is blamed for what did not happen. Undone by Undo,
// whose exit code does not matter, in those containers that have not been
// restarted or replaced meanwhile.
type ExecStimulus struct {
	// Of is the pods' owner or the pod, kind/name; or container/NAME or
	// compose/SERVICE of Docker's.
	Of        string   `json:"of"`
	Namespace string   `json:"namespace,omitempty"`
	Container string   `json:"container,omitempty"`
	Command   []string `json:"command"`
	Undo      []string `json:"undo"`
	// Count is the number of pods, the oldest first; 1 if left out.
	Count int `json:"count,omitempty"`
}

// ApplyStimulus applies objects. Undone by restoring what was there before.
type ApplyStimulus struct {
	// File below the lab's directory, such as checks/client.yaml. Or Objects.
	File string `json:"file,omitempty" jsonschema:"oneof_required=file"`
	// Objects, inline.
	Objects []map[string]any `json:"objects,omitempty" jsonschema:"oneof_required=objects,minItems=1"`
	// Restart lists workloads (kind/name) whose pods are replaced, and waited
	// for, after the objects have changed and again after they are back: what
	// reads its configuration only at start sees the change.
	Restart []string `json:"restart,omitempty"`
}

// DeleteStimulus deletes objects. Pods of a controller are left to it to
// replace; all else is put back.
type DeleteStimulus struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion,omitempty"`
	Name       string `json:"name,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Selector   string `json:"selector,omitempty"`
	// Of narrows pods to those of an owner, kind/name.
	Of string `json:"of,omitempty"`
	// Count deletes at most so many; all if left out.
	Count int `json:"count,omitempty" jsonschema:"oneof_type=integer;string,minimum=1"`
	// Grace is the grace period; the object's own if left out.
	Grace *Duration `json:"grace,omitempty"`
}

// ScaleStimulus sets the number of replicas. Undone by the number before.
type ScaleStimulus struct {
	// Of is the workload: kind/name.
	Of        string `json:"of"`
	Namespace string `json:"namespace,omitempty"`
	Replicas  int    `json:"replicas" jsonschema:"oneof_type=integer;string,minimum=0,maximum=50"`
}

// RolloutStimulus changes a Deployment's pod template and waits until the
// rollout is complete, or has failed. Undone by restoring the template.
type RolloutStimulus struct {
	Deployment string `json:"deployment"`
	Namespace  string `json:"namespace,omitempty"`
	// Container; if left out the only one, or the only one that runs another tag
	// of Image: learners may add containers.
	Container string `json:"container,omitempty"`
	// Image for the container. Without image and env, the pods are restarted.
	Image string            `json:"image,omitempty"`
	Env   map[string]string `json:"env,omitempty"`
	// Within is how long the rollout may take without getting on, 60s if left
	// out; in all five times that, for learners who let each pod settle.
	Within Duration `json:"within,omitempty"`
	// Fails says that the rollout is not expected to complete; it is waited for
	// until it is stuck.
	Fails bool `json:"fails,omitempty"`
}

// LoadStimulus sends requests to a Service at a constant rate, each on a
// connection of its own, from inside the cluster. As a `while` it goes on until
// the check ends; as a `when` for Duration.
type LoadStimulus struct {
	Service string `json:"service"`
	Port    string `json:"port,omitempty" jsonschema:"oneof_type=string;integer"`
	Path    string `json:"path,omitempty"`
	// RPS is the number of requests a second, at most 500.
	RPS int `json:"rps" jsonschema:"oneof_type=integer;string,minimum=1,maximum=500"`
	// As names the load for the probe.
	As       string   `json:"as" jsonschema:"pattern=^[a-z][a-zA-Z0-9]*$"`
	Duration Duration `json:"duration,omitempty"`
	// Timeout of one request; 5s if left out.
	Timeout Duration `json:"timeout,omitempty"`
}

// DrainStimulus cordons a node and evicts its pods. Undone by uncordoning.
type DrainStimulus struct {
	// Node by name; or the node that runs a pod of Of (kind/name).
	Node string `json:"node,omitempty" jsonschema:"oneof_required=node"`
	Of   string `json:"of,omitempty" jsonschema:"oneof_required=of"`
	// Within is how long it may take; 60s if left out.
	Within Duration `json:"within,omitempty"`
}
