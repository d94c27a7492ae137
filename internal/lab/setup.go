package lab

// DockerSetup is what a lab has in Docker at its start.
type DockerSetup struct {
	// Networks and Volumes are names.
	Networks []string `json:"networks,omitempty"`
	Volumes  []string `json:"volumes,omitempty"`
	// Containers are made and started in order. One that ends at once, or again
	// and again, is a start, too: labs may begin with what is broken.
	Containers []DockerContainer `json:"containers,omitempty"`
}

// DockerContainer is a container that a lab starts with.
type DockerContainer struct {
	// Name is the container's.
	Name  string `json:"name" jsonschema:"pattern=^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"`
	Image string `json:"image"`
	// Command replaces the image's command, Entrypoint its entrypoint.
	Command    []string          `json:"command,omitempty"`
	Entrypoint []string          `json:"entrypoint,omitempty"`
	Env        map[string]string `json:"env,omitempty"`
	// User replaces the image's user.
	User string `json:"user,omitempty"`
	// Network is one of Networks; Docker's default one if left out.
	Network string `json:"network,omitempty"`
	// Publish are ports, as HOST:CONTAINER.
	Publish []string `json:"publish,omitempty" jsonschema:"pattern=^([0-9]+|\\$.*):([0-9]+|\\$.*)$"`
	// Volumes are mounts, as VOLUME:/path, of Volumes.
	Volumes []string `json:"volumes,omitempty"`
	// Memory is the most it may use, such as 64m.
	Memory string `json:"memory,omitempty"`
	// ReadOnly makes its root file system read-only.
	ReadOnly bool `json:"readOnly,omitempty"`
	// Restart is its restart policy; no if left out.
	Restart string `json:"restart,omitempty" jsonschema:"enum=no,enum=on-failure,enum=always,enum=unless-stopped"`
	// Ends says that it prepares something, in a volume say: it is waited for, has
	// to exit with 0, and is removed before the next one starts.
	Ends bool `json:"ends,omitempty"`
}
