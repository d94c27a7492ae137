package web

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
)

// configured loads a configuration as the process would.
func configured(t *testing.T, env map[string]string, args ...string) *Config {
	t.Helper()
	c := defaults()
	if err := c.load(args, lookup(env)); err != nil {
		t.Fatal(err)
	}
	return c
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestConfigurationPrecedence(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.properties")
	write(t, file, "# comment\ngreeting = from file\nLATENCY: 20ms\nversion=\"file\"\nother=x\n")
	c := configured(t, map[string]string{"CONFIG_FILE": file, "VERSION": "env", "ADDRESS": "127.0.0.1"}, "--port", "9000")
	if c.Address != "127.0.0.1" {
		t.Errorf("address %q", c.Address)
	}
	if c.Greeting != "from file" || c.Version != "env" || c.Latency != 20*time.Millisecond || c.Port != 9000 || c.Properties["other"] != "x" {
		t.Errorf("config = %+v", c)
	}
	if c := configured(t, map[string]string{"VERSION": "env"}, "--version=flag"); c.Version != "flag" {
		t.Errorf("version = %q, want the flag's", c.Version)
	}
}

func TestConfigurationDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "GREETING"), "from a ConfigMap\n")
	write(t, filepath.Join(dir, "..data"), "not a key")
	c := configured(t, map[string]string{"CONFIG_FILE": dir})
	if c.Greeting != "from a ConfigMap" || len(c.Properties) != 1 {
		t.Errorf("greeting %q, properties %v", c.Greeting, c.Properties)
	}
}

func TestRefusesToStart(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"required":     {map[string]string{"REQUIRED": "DATABASE_URL"}, "required setting DATABASE_URL is missing"},
		"config file":  {map[string]string{"CONFIG_FILE": "/no/such/file"}, "CONFIG_FILE"},
		"secret file":  {map[string]string{"SECRET_FILE": "/no/such/file"}, "SECRET_FILE"},
		"bad number":   {map[string]string{"PORT": "http"}, `bad value "http" for --port (from env PORT)`},
		"bad rate":     {map[string]string{"FAILURE_RATE": "2"}, "0 to 1"},
		"bad shutdown": {map[string]string{"ON_SIGTERM": "maybe"}, "drain, exit or ignore"},
	} {
		err := defaults().load(nil, lookup(test.env))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
	configured(t, map[string]string{"REQUIRED": "A, B", "A": "1", "B": "2"})
}

func TestFailStartIsOneLogLine(t *testing.T) {
	t.Setenv("FAIL_START", "cannot reach the database")
	t.Setenv("FAIL_START_CODE", "3")
	var out strings.Builder
	p := &applet.Process{Name: "web", Stdout: &out, Stderr: io.Discard}
	if code := p.Code(Run(t.Context(), p)); code != 3 {
		t.Errorf("code = %d, want 3", code)
	}
	if !strings.Contains(out.String(), "cannot reach the database") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("log = %q", out.String())
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
