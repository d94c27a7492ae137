package container

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
)

// Host is the address of the user's own Docker Engine, as the docker command
// finds it: $DOCKER_HOST, else the context of $DOCKER_CONTEXT or of its
// configuration, else this system's default. dir is that configuration's
// directory; see ConfigDir.
//
// Contexts are kept in contexts/meta/SHA-256 OF THE NAME/meta.json
// (https://docs.docker.com/engine/manage-resources/contexts/).
func Host(getenv func(string) string, dir string) (string, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		return host, nil
	}
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		if err := readJSON(filepath.Join(dir, "config.json"), &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return defaultHost, nil
	}
	var context struct {
		Endpoints map[string]struct{ Host string }
	}
	sum := sha256.Sum256([]byte(name))
	err := readJSON(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"), &context)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no Docker context %q", name)
	}
	if err != nil {
		return "", fmt.Errorf("the Docker context %q: %w", name, err)
	}
	host := context.Endpoints["docker"].Host
	if host == "" {
		return "", fmt.Errorf("the Docker context %q names no engine", name)
	}
	return host, nil
}

// ConfigDir is where the docker command keeps its configuration.
func ConfigDir(getenv func(string) string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// Local tells whether an engine's address is on this machine, so that ports its
// containers publish on the loopback are this machine's.
func Local(host string) bool {
	address, err := url.Parse(host)
	if err != nil {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Scheme == "unix" || address.Scheme == "npipe" || address.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
