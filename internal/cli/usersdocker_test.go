package cli

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
)

// dockerd answers on a socket as a Docker Engine of an API version would.
func dockerd(t *testing.T, version string) (host string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "docker") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", version) })}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return "unix://" + l.Addr().String()
}

func TestWhoseDockerEngineALabUses(t *testing.T) {
	answers, old := dockerd(t, "1.41"), dockerd(t, "1.40")
	withDocker, without := &lab.Lab{}, &lab.Lab{}
	withDocker.Needs.Components = []string{"docker"}
	home := t.TempDir()
	for name, tt := range map[string]struct {
		host, flag string
		lab        *lab.Lab
		want       string // the user's address; "own"; or empty
		why        string // part of it, or of the error
		fails      bool
	}{
		"the user's answers":            {host: answers, flag: "auto", lab: withDocker, want: answers, why: "it answers"},
		"the user's is asked for":       {host: answers, flag: "user", lab: withDocker, want: answers, why: "you asked for it"},
		"our own is asked for":          {host: answers, flag: "own", lab: withDocker, want: "own", why: "you asked for it"},
		"a lab without Docker":          {host: answers, flag: "auto", lab: without},
		"too old":                       {host: old, flag: "auto", lab: withDocker, want: "own", why: "too old"},
		"too old, and asked for":        {host: old, flag: "user", lab: withDocker, why: "too old", fails: true},
		"nobody there":                  {host: "unix:///nowhere/docker.sock", flag: "auto", lab: withDocker, want: "own", why: "no Docker Engine answers"},
		"on another machine":            {host: "tcp://10.0.0.1:2375", flag: "auto", lab: withDocker, want: "own", why: "on another machine"},
		"a lab's own, from its shell":   {host: "unix://" + home + "/envs/x/parts/docker/docker.sock", flag: "user", lab: withDocker, why: "/var/run/docker.sock", fails: true},
		"what is no answer to the flag": {host: answers, flag: "mine", lab: withDocker, why: "no Docker Engine \"mine\"", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/var/run/docker.sock"); err == nil && strings.HasPrefix(name, "a lab's own") {
				t.Skip("this machine has a Docker Engine")
			}
			s := &State{Environ: []string{"DOCKER_HOST=" + tt.host, "DOCKER_CONFIG=" + t.TempDir(), "LABCTL_HOME=" + home}, UID: os.Getuid()}
			got, err := s.chooseDocker(t.Context(), tt.flag, tt.lab)
			if tt.fails {
				var problem *environment.Problem
				if err == nil || !strings.Contains(err.Error(), tt.why) || errors.As(err, &problem) && problem.Hint == "" {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || got.word() != tt.want || !strings.Contains(got.why, tt.why) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
