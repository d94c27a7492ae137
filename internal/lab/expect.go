package lab

import "strings"

// Expect is one thing that has to be seen: exactly one probe, and what must be
// true of its result.
type Expect struct {
	// Kubernetes looks at objects of the cluster.
	Kubernetes *KubernetesProbe `json:"kubernetes,omitempty" jsonschema:"oneof_required=kubernetes"`
	// Docker looks at containers, images, networks and volumes.
	Docker *DockerProbe `json:"docker,omitempty" jsonschema:"oneof_required=docker"`
	// HTTP sends requests, from inside the cluster if there is one.
	HTTP *HTTPProbe `json:"http,omitempty" jsonschema:"oneof_required=http"`
	// Exec runs a command in a container of the learner's.
	Exec *ExecProbe `json:"exec,omitempty" jsonschema:"oneof_required=exec"`
	// Logs reads what containers printed.
	Logs *LogsProbe `json:"logs,omitempty" jsonschema:"oneof_required=logs"`
	// Events reads the events about an object.
	Events *EventsProbe `json:"events,omitempty" jsonschema:"oneof_required=events"`
	// Load looks at the load that a `while` or `when` stimulus makes.
	Load *LoadProbe `json:"load,omitempty" jsonschema:"oneof_required=load"`
	// Script is the way out for what the other probes cannot say.
	Script *ScriptProbe `json:"script,omitempty" jsonschema:"oneof_required=script"`

	// That is a CEL expression that must be true. It sees self (the probe's
	// result), params, images, recorded. Without it, it is enough that the
	// probe finds something.
	That string `json:"that,omitempty" lab:"verbatim"`
	// Contradicts is a CEL expression: once true, the check fails now instead
	// of waiting out Within.
	Contradicts string `json:"contradicts,omitempty" lab:"verbatim"`
	// Converging is a CEL expression that tells work still on its way; when it
	// is true as the time runs out, the verdict is pending, not fail. Probes of
	// workloads know this by themselves (a rollout in progress).
	Converging string `json:"converging,omitempty" lab:"verbatim"`
	// Code is the stable name of the finding when it is not so.
	Code string `json:"code,omitempty" jsonschema:"pattern=^[A-Z][A-Za-z0-9]*$"`
	// Message tells the learner what is wrong, without giving away the answer.
	// $(params.x) and {{ CEL }} in it are filled in.
	Message string `json:"message,omitempty"`
	// Expected and Observed describe both sides; {{ CEL }} is filled in. If left
	// out they are derived from That.
	Expected string `json:"expected,omitempty"`
	Observed string `json:"observed,omitempty"`
	// Within is how long it may take to become true; one look if left out.
	Within Duration `json:"within,omitempty"`
	// For is how long it has to stay true.
	For Duration `json:"for,omitempty"`
}

// ExpectsAbsence tells whether nothing is to be found.
func (x Expect) ExpectsAbsence() bool {
	return x.Kubernetes != nil && x.Kubernetes.Absent || x.Docker != nil && x.Docker.Absent
}

// NeedsDocker tells whether the probe looks at what Docker has.
func (x Expect) NeedsDocker() bool {
	return x.Docker != nil || x.Exec != nil && OfDocker(x.Exec.Of) || x.Logs != nil && OfDocker(x.Logs.Of) ||
		x.HTTP != nil && (x.HTTP.Container != "" || x.HTTP.From != "")
}

// NeedsCluster tells whether the probe looks at what a cluster has.
func (x Expect) NeedsCluster() bool {
	return x.Kubernetes != nil || x.Events != nil || x.Exec != nil && !OfDocker(x.Exec.Of) || x.Logs != nil && !OfDocker(x.Logs.Of) ||
		x.HTTP != nil && x.HTTP.Service != ""
}

// KubernetesProbe looks at one object by name, or at all that match a selector.
// self is the object (null if absent: only with absent), or {items: [...]}.
type KubernetesProbe struct {
	// Kind is an object's kind, such as Deployment; with APIVersion if it is
	// ambiguous or a custom resource.
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion,omitempty"`
	// Name of one object. Without it self is a list.
	Name string `json:"name,omitempty"`
	// Namespace; the lab's if left out; "*" lists all.
	Namespace string `json:"namespace,omitempty"`
	// Selector is a label selector, as in kubectl -l.
	Selector string `json:"selector,omitempty"`
	// Of narrows a list to the pods that belong to a Deployment, StatefulSet,
	// DaemonSet, Job or Service, written kind/name. Pods that are being
	// deleted are left out, and, but for a Job's, those that are over.
	Of string `json:"of,omitempty"`
	// Absent expects that nothing is found.
	Absent bool `json:"absent,omitempty"`
}

// DockerProbe looks at one object of Docker's by name, or at a list. self is what
// `docker inspect` prints, with its names (self.State.Running, self.Config.User),
// or {items: [...]}. Of an image there is also History, as `docker history` has
// it: [{CreatedBy, Size, ...}].
type DockerProbe struct {
	// Container, Image, Network or Volume by name. Or Compose, or List.
	Container string `json:"container,omitempty" jsonschema:"oneof_required=container"`
	Image     string `json:"image,omitempty" jsonschema:"oneof_required=image"`
	Network   string `json:"network,omitempty" jsonschema:"oneof_required=network"`
	Volume    string `json:"volume,omitempty" jsonschema:"oneof_required=volume"`
	// Compose is the container of a service of the learner's Compose project.
	Compose string `json:"compose,omitempty" jsonschema:"oneof_required=compose"`
	// List is the kind of objects to list: container, image, network or volume.
	List string `json:"list,omitempty" jsonschema:"oneof_required=list,enum=container,enum=image,enum=network,enum=volume"`
	// Filters narrow a list, as in docker ps -f: label, ancestor, network, …
	Filters map[string]string `json:"filters,omitempty"`
	// Search looks for a text in an image: in the files of all layers, those that
	// later layers delete included, and in its configuration and history.
	// self.Search is [{layer, path}]; layer -1 is the configuration.
	Search string `json:"search,omitempty"`
	// Absent expects that nothing is found.
	Absent bool `json:"absent,omitempty"`
}

// HTTPProbe sends requests: from a pod of the checker's inside the cluster; in a
// lab without one from the learner's machine, or, with Container or From, from a
// container of the checker's. self is {responses: [{status, headers, body, json, ms, error, errorKind}],
// ok, failed} and, for the last response, status, headers, body, json, error.
type HTTPProbe struct {
	// Service to ask, in the lab's namespace or as name.namespace. Or URL.
	Service string `json:"service,omitempty" jsonschema:"oneof_required=service"`
	// Port of the Service, by number or name; its only port if left out.
	Port string `json:"port,omitempty" jsonschema:"oneof_type=string;integer"`
	// URL, when it is not a Service: $(node.ip) is a node's address. In a lab
	// without a cluster, http://127.0.0.1:PORT is a port that a container publishes.
	URL string `json:"url,omitempty" jsonschema:"oneof_required=url"`
	// Container to ask, at its address in its own network and at Port, published
	// or not: of Docker, by name or as compose/SERVICE.
	Container string `json:"container,omitempty" jsonschema:"oneof_required=container"`
	// From is the network of Docker's from which URL is asked.
	From string `json:"from,omitempty"`
	// Path with query; / if left out.
	Path string `json:"path,omitempty"`
	// Method; GET if left out.
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Count is the number of requests, one connection each; 1 if left out.
	Count int `json:"count,omitempty" jsonschema:"oneof_type=integer;string,minimum=1,maximum=1000"`
	// Timeout of one request; 5s if left out.
	Timeout Duration `json:"timeout,omitempty"`
}

// ExecProbe runs a command in a container.
// self is {exitCode, stdout, stderr, json (of stdout, if it is JSON)}.
type ExecProbe struct {
	// Of is the pod's owner or the pod, kind/name; or container/NAME or
	// compose/SERVICE of Docker's.
	Of string `json:"of"`
	// Container; the first if left out.
	Container string   `json:"container,omitempty"`
	Command   []string `json:"command" jsonschema:"minItems=1"`
	Namespace string   `json:"namespace,omitempty"`
	// All runs it in every pod of Of: self is {results: [...]}.
	All bool `json:"all,omitempty"`
}

// OfDocker tells whether the Of of a probe is a container of Docker's: written
// container/NAME or compose/SERVICE.
func OfDocker(of string) bool {
	return strings.HasPrefix(of, "container/") || strings.HasPrefix(of, "compose/")
}

// LogsProbe reads what containers printed. self is {lines: [...], text}.
type LogsProbe struct {
	// Of is as in exec.
	Of        string `json:"of"`
	Container string `json:"container,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Previous reads the container before its last restart.
	Previous bool `json:"previous,omitempty"`
	// Tail is the number of last lines; 500 if left out.
	Tail int `json:"tail,omitempty" jsonschema:"minimum=1,maximum=100000"`
}

// EventsProbe reads events. self is {items: [{type, reason, message, count, of}]}.
type EventsProbe struct {
	// Of is the object: kind/name; all of the namespace if left out.
	Of        string `json:"of,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// LoadProbe looks at a load. self is {total, ok, failed, lagged, failures:
// {reason: n}, p50, p95, p99 (ms), versions: {v: n}, pods: {name: n}, first
// (the first failures), seconds}.
type LoadProbe struct {
	// Of is the load's name (its `as`).
	Of string `json:"of"`
}

// ScriptProbe runs a script of the lab's with labctl's own shell interpreter:
// kubectl and jq are there, pinned; the machine's programs are not. It gets the
// environment as JSON on standard input ({params, images, namespace, recorded})
// and prints JSON: self.
type ScriptProbe struct {
	// File below the lab's directory, such as checks/quota.sh.
	File string `json:"file"`
	// Timeout of one run; 10s if left out.
	Timeout Duration `json:"timeout,omitempty"`
	// Written says that the script looks only at what people write, a Deployment's
	// spec, say: then no Pod that is starting or ending makes the verdict pending.
	Written bool `json:"written,omitempty"`
}
