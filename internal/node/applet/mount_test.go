//go:build linux

package applet

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseMount(t *testing.T) {
	tests := map[string]struct {
		args string
		want request
	}{
		"tmpfs of a secret": {
			"-t tmpfs -o noswap,size=65536 tmpfs /v",
			request{source: "tmpfs", target: "/v", kind: "tmpfs", data: []string{"noswap", "size=65536"}},
		},
		"bind": {"-o bind /a /b", request{source: "/a", target: "/b", flags: unix.MS_BIND}},
		"bind, then restrict": {
			"-o bind,remount,ro,nosuid /a /b",
			request{source: "/a", target: "/b", flags: unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY | unix.MS_NOSUID},
		},
		"subpath":                  {"--no-canonicalize -o bind /proc/7/fd/9 /b", request{source: "/proc/7/fd/9", target: "/b", flags: unix.MS_BIND}},
		"long options":             {"--bind /a /b", request{source: "/a", target: "/b", flags: unix.MS_BIND}},
		"propagation alone":        {"--make-rshared /b", request{target: "/b", propagation: unix.MS_SHARED | unix.MS_REC}},
		"propagation as an option": {"-o rbind,rslave /a /b", request{source: "/a", target: "/b", flags: unix.MS_BIND | unix.MS_REC, propagation: unix.MS_SLAVE | unix.MS_REC}},
		"remount alone":            {"-o remount,rw /b", request{target: "/b", flags: unix.MS_REMOUNT}},
		"the last word counts":     {"-t tmpfs -o ro,rw x /b", request{source: "x", target: "/b", kind: "tmpfs"}},
		"defaults mean nothing":    {"-t tmpfs -o defaults x /b", request{source: "x", target: "/b", kind: "tmpfs"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseMount(strings.Fields(tt.args))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseMountRefuses(t *testing.T) {
	for _, args := range []string{"", "/b", "-t", "-o", "--frobnicate /a /b", "-z /a /b", "/a /b /c"} {
		if got, err := parseMount(strings.Fields(args)); err == nil {
			t.Errorf("%q is understood as %+v", args, got)
		}
	}
}

func TestParseUmount(t *testing.T) {
	flags, targets, err := parseUmount([]string{"-f", "-l", "/a", "/b"})
	if err != nil || flags != unix.MNT_FORCE|unix.MNT_DETACH || len(targets) != 2 {
		t.Errorf("got %x %v %v", flags, targets, err)
	}
	for _, args := range [][]string{nil, {"-f"}, {"-q", "/a"}} {
		if _, _, err := parseUmount(args); err == nil {
			t.Errorf("%q is understood", args)
		}
	}
}

func TestBundleOf(t *testing.T) {
	tests := map[string]struct {
		args   string
		bundle string
		makes  bool
	}{
		"as containerd calls": {"--root /r --log /l --log-format json create --bundle /run/b --pid-file /p id", "/run/b", true},
		"with =":              {"create --bundle=/run/b id", "/run/b", true},
		"short":               {"run -b /run/b id", "/run/b", true},
		"here":                {"create id", ".", true},
		"another command":     {"--root /r delete --force id", "", false},
	}
	for name, tt := range tests {
		bundle, makes := bundleOf(strings.Fields(tt.args))
		if bundle != tt.bundle || makes != tt.makes {
			t.Errorf("%s: %q, %v", name, bundle, makes)
		}
	}
}

func TestSeccompIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	config := `{"ociVersion":"1.2.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"},"cgroupsPath":"/x"},"hooks":{"n":12345678901234567890}}`
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := dropSeccomp(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	want := `{"hooks":{"n":12345678901234567890},"linux":{"cgroupsPath":"/x"},"ociVersion":"1.2.0"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestSeccompWhereThereIsNone(t *testing.T) {
	for _, config := range []string{`{"linux":{}}`, `{"process":{"env":["A=\"seccomp\""]}}`, `{"annotations":{"seccomp":"x"}}`} {
		got, err := withoutSeccomp([]byte(config))
		if err != nil || strings.Contains(string(got), "linux") && !strings.Contains(config, "linux") {
			t.Errorf("%s became %s, %v", config, got, err)
		}
	}
	if _, err := withoutSeccomp([]byte(`{"linux": "seccomp", "seccomp"`)); err == nil {
		t.Error("broken JSON passes")
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]bool{"/bin/mount": true, "umount": true, "/pause": true, "labrunc": true, "docker-init": true, "labinit": false} {
		if got := Named(name) != nil; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
