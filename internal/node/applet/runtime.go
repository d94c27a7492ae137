//go:build linux

package applet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// runc is the real one; /bin may have this program under its name.
const runc = "/opt/labctl/bin/runc"

// Runtime is runc without seccomp: before runc makes a container, it takes the
// seccomp profile, which our runc is built without, out of the container's
// description. Everything else is runc's.
func Runtime(args []string) int {
	if bundle, ok := bundleOf(args); ok {
		if err := dropSeccomp(filepath.Join(bundle, "config.json")); err != nil {
			fmt.Fprintln(os.Stderr, "labrunc:", err)
			return 1
		}
	}
	err := syscall.Exec(runc, append([]string{"runc"}, args...), os.Environ())
	fmt.Fprintf(os.Stderr, "labrunc: start %s: %v\n", runc, err)
	return 127
}

// bundleOf returns the bundle directory when args make a container.
func bundleOf(args []string) (string, bool) {
	if !slices.Contains(args, "create") && !slices.Contains(args, "run") {
		return "", false
	}
	for i, arg := range args {
		switch name, value, inline := strings.Cut(arg, "="); {
		case name != "--bundle" && name != "-b" && name != "-bundle":
		case inline:
			return value, true
		case i+1 < len(args):
			return args[i+1], true
		}
	}
	return ".", true
}

// dropSeccomp rewrites an OCI config without its seccomp profile. What it does
// not know it keeps as it is.
func dropSeccomp(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the container's description: %w", err)
	}
	changed, err := withoutSeccomp(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if changed == nil {
		return nil
	}
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		return fmt.Errorf("write the container's description: %w", err)
	}
	return nil
}

// withoutSeccomp returns nil when there is nothing to take out.
func withoutSeccomp(config []byte) ([]byte, error) {
	if !bytes.Contains(config, []byte(`"seccomp"`)) {
		return nil, nil
	}
	var spec, linux map[string]json.RawMessage
	if err := json.Unmarshal(config, &spec); err != nil {
		return nil, err
	}
	if len(spec["linux"]) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(spec["linux"], &linux); err != nil {
		return nil, err
	}
	delete(linux, "seccomp")
	var err error
	if spec["linux"], err = json.Marshal(linux); err != nil {
		return nil, err
	}
	return json.Marshal(spec)
}
