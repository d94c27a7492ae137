// Package lab is the lab format: the types of lab.yaml, the strict loader, and
// lint. A lab is a directory; labs/README.md teaches how to write one.
package lab

//go:generate go run -C ../.. ./internal/lab/schema/generate

// APIVersion is the version of the format that this package reads.
const APIVersion = "labctl.dev/v1alpha1"

// Lab is one lab.yaml.
type Lab struct {
	// APIVersion is always labctl.dev/v1alpha1.
	APIVersion string `json:"apiVersion" jsonschema:"enum=labctl.dev/v1alpha1"`
	// Name is the slug, equal to the directory's name: a DNS label.
	Name string `json:"name" jsonschema:"maxLength=40,pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"`
	// Title is the lab's name for people, at most 60 characters.
	Title string `json:"title" jsonschema:"maxLength=60"`
	// Summary says in one or two sentences what the learner will be able to do.
	Summary string `json:"summary"`
	// Level is beginner, intermediate or advanced.
	Level Level `json:"level" jsonschema:"enum=beginner,enum=intermediate,enum=advanced"`
	// Minutes is how long a typical learner needs.
	Minutes int `json:"minutes" jsonschema:"minimum=1,maximum=600"`
	// Tags are topics, for `labctl list --tag`.
	Tags []string `json:"tags,omitempty"`
	// Needs names what the lab runs on.
	Needs Needs `json:"needs"`
	// Namespace is where the learner's kubectl points and where objects of
	// checks live unless they say otherwise. It is made at start if missing.
	Namespace string `json:"namespace,omitempty" jsonschema:"maxLength=63"`
	// Params are drawn once per environment from its seed.
	Params map[string]Param `json:"params,omitempty" lab:"verbatim"`
	// Images are built from labapp and loaded before the lab starts.
	Images map[string]Image `json:"images,omitempty"`
	// Docker is what the learner finds in Docker at the start, and again after a
	// reset.
	Docker *DockerSetup `json:"docker,omitempty"`
	// Unassessable lists, by engine, the checks ("task/check") that may be
	// unassessable there. Any other unassessable check is a fault of the lab.
	Unassessable map[string][]string `json:"unassessable,omitempty"`
	// Tasks are what the learner does, in order.
	Tasks []Task `json:"tasks" jsonschema:"minItems=1"`
}

// Level is how much a lab takes for granted.
type Level string

// The levels.
const (
	Beginner     Level = "beginner"
	Intermediate Level = "intermediate"
	Advanced     Level = "advanced"
)

// Needs names what a lab runs on.
type Needs struct {
	// Cluster asks for Kubernetes. Without it the lab runs on engine "none".
	Cluster *ClusterNeeds `json:"cluster,omitempty"`
	// Components are further parts to start: docker, registry, git, …
	Components []string `json:"components,omitempty"`
	// Capabilities the engine must have for the lab to make sense at all.
	Capabilities []string `json:"capabilities,omitempty"`
}

// ClusterNeeds describes the cluster a lab wants.
type ClusterNeeds struct {
	// Nodes is 1, 2 or 3; 1 if left out.
	Nodes int `json:"nodes,omitempty" jsonschema:"minimum=1,maximum=3"`
}

// Param is how a parameter is drawn. Exactly one of the fields is set.
type Param struct {
	// OneOf lists the values to choose from (strings, integers or booleans).
	OneOf []any `json:"oneOf,omitempty" jsonschema:"minItems=2,oneof_required=oneOf"`
	// Int draws an integer between two bounds, both included.
	Int *IntRange `json:"int,omitempty" jsonschema:"oneof_required=int"`
	// Word draws a random lower-case word of this many letters, 4 to 20.
	Word int `json:"word,omitempty" jsonschema:"minimum=4,maximum=20,oneof_required=word"`
}

// IntRange is a range of integers, bounds included.
type IntRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// Image is a container image made of labapp and an entrypoint.
type Image struct {
	// Ref is the image's reference, such as labctl.dev/shop:v1.
	Ref string `json:"ref"`
	// App is the labapp applet that the image runs: web, load, sh, …
	App string `json:"app"`
	// Args follow the applet's name.
	Args []string `json:"args,omitempty"`
	// Env is the image's environment.
	Env map[string]string `json:"env,omitempty"`
	// User is the numeric user (and group) the image runs as; 65532 if left out.
	User string `json:"user,omitempty" jsonschema:"pattern=^[0-9]+(:[0-9]+)?$"`
	// Ports are documented by the image (EXPOSE).
	Ports []int `json:"ports,omitempty"`
}

// Task is a goal the learner works on.
type Task struct {
	// ID is a DNS label, unique in the lab.
	ID string `json:"id" jsonschema:"maxLength=40,pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"`
	// Title is the goal in a few words.
	Title string `json:"title" jsonschema:"maxLength=80"`
	// Text is the Markdown file the learner reads; tasks/<id>.md if left out.
	// The part below a line "<!-- explanation -->" is shown once the task passes.
	Text string `json:"text,omitempty"`
	// Needs are tasks whose checks must pass before this one's are tried.
	Needs []string `json:"needs,omitempty"`
	// Hints go from a nudge to nearly the answer. At least one.
	Hints []string `json:"hints" jsonschema:"minItems=1"`
	// Checks verify the task. At least one.
	Checks []Check `json:"checks" jsonschema:"minItems=1"`
}

// Evidence says what a check can be judged from.
type Evidence string

// The kinds of evidence.
const (
	Replay  Evidence = "replay"  // the final state, re-created elsewhere (default)
	History Evidence = "history" // what happened while the learner worked
)

// Isolation says what a check may run beside.
type Isolation string

// The kinds of isolation.
const (
	Shared    Isolation = "shared"    // any other shared check (default without stimuli)
	Exclusive Isolation = "exclusive" // nothing else (default with stimuli); never run by --watch
)

// Check is a small scenario: what goes on meanwhile, what is done, and what is
// expected to be seen.
type Check struct {
	// ID is a DNS label, unique in the task.
	ID string `json:"id" jsonschema:"maxLength=40,pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"`
	// Title says what is verified, in the learner's words.
	Title string `json:"title" jsonschema:"maxLength=120"`
	// Points are what it is worth; 1 if left out.
	Points int `json:"points,omitempty" jsonschema:"minimum=1,maximum=100"`
	// Needs are checks, of this task by id or of another as "task/check", that
	// must pass first; else this one is blocked.
	Needs []string `json:"needs,omitempty"`
	// Capabilities the engine must have for this check; else it is unassessable.
	Capabilities []string `json:"capabilities,omitempty"`
	// Isolation is shared or exclusive.
	Isolation Isolation `json:"isolation,omitempty" jsonschema:"enum=shared,enum=exclusive"`
	// Evidence is replay or history.
	Evidence Evidence `json:"evidence,omitempty" jsonschema:"enum=replay,enum=history"`
	// Record looks at objects before anything is done; CEL sees the results as
	// recorded.<name>.
	Record map[string]KubernetesProbe `json:"record,omitempty"`
	// While lists stimuli that go on from before When until the last Expect.
	While []Stimulus `json:"while,omitempty"`
	// When lists stimuli that happen one after the other.
	When []Stimulus `json:"when,omitempty"`
	// Expect lists what has to be seen, in order. At least one.
	Expect []Expect `json:"expect" jsonschema:"minItems=1"`
}
