package container_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/container"
)

func TestHost(t *testing.T) {
	sum := sha256.Sum256([]byte("colima"))
	meta := "contexts/meta/" + hex.EncodeToString(sum[:]) + "/meta.json"
	const colima = `{"Name": "colima", "Endpoints": {"docker": {"Host": "unix:///home/me/.colima/docker.sock"}}}`
	for name, tt := range map[string]struct {
		env   map[string]string
		files map[string]string
		want  string // the address, or part of the error
		fails bool
	}{
		"nothing is said":             {nil, nil, "docker", false},
		"DOCKER_HOST":                 {map[string]string{"DOCKER_HOST": "tcp://10.0.0.1:2375"}, map[string]string{"config.json": `{"currentContext": "colima"}`}, "tcp://10.0.0.1:2375", false},
		"the configuration's":         {nil, map[string]string{"config.json": `{"currentContext": "colima"}`, meta: colima}, "unix:///home/me/.colima/docker.sock", false},
		"DOCKER_CONTEXT":              {map[string]string{"DOCKER_CONTEXT": "colima"}, map[string]string{meta: colima}, "unix:///home/me/.colima/docker.sock", false},
		"the default, by its name":    {nil, map[string]string{"config.json": `{"currentContext": "default"}`}, "docker", false},
		"a context that is gone":      {map[string]string{"DOCKER_CONTEXT": "gone"}, nil, `"gone"`, true},
		"a context of something else": {map[string]string{"DOCKER_CONTEXT": "colima"}, map[string]string{meta: `{"Endpoints": {}}`}, "names no engine", true},
		"a broken configuration":      {nil, map[string]string{"config.json": `{`}, "config.json", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range tt.files {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := container.Host(func(name string) string { return tt.env[name] }, dir)
			if err != nil {
				got = err.Error()
			}
			if (err != nil) != tt.fails || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"unix:///var/run/docker.sock": true, "npipe:////./pipe/docker_engine": true, "tcp://localhost:2375": true, "tcp://127.0.0.1:2375": true,
		"tcp://[::1]:2375": true, "tcp://10.0.0.1:2375": false, "ssh://me@build": false, "tcp://docker:2376": false,
	} {
		if got := container.Local(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
