package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/proc"
	"labctl.dev/labctl/internal/release"
)

// versionPatience is how long a program may take to say its version.
const versionPatience = 5 * time.Second

// findKubectl returns the command line of a kubectl that fits the cluster: the
// one on PATH if it is within one minor version, else the one labctl brings.
func (s *State) findKubectl(ctx context.Context, env *environment.Environment) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	own := s.labkube()
	_, missing := os.Stat(own)
	if host := s.lookPath("kubectl"); host != "" {
		fits, err := s.fits(ctx, env, host)
		if fits || (missing != nil && err == nil) {
			return []string{host}, nil
		}
	}
	if missing != nil {
		return nil, &environment.Problem{
			Code:    environment.CodeEngine,
			Message: "there is no kubectl on your PATH that fits the cluster, and labctl's own is missing: " + own,
			Hint:    "Install kubectl; or, for labctl's own programs, " + release.Restore("build") + ".",
		}
	}
	return []string{own, "kubectl"}, nil
}

// labkube is the program that has labctl's own kubectl.
func (s *State) labkube() string { return filepath.Join(s.Bin(), labkubeName(runtime.GOOS)) }

func labkubeName(goos string) string {
	if goos == "windows" {
		return "labkube.exe"
	}
	return "labkube"
}

// lookPath finds a program on the user's PATH, leaving out what labctl put there.
func (s *State) lookPath(name string) string {
	for _, dir := range filepath.SplitList(s.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() && info.Mode()&0o111 != 0 && filepath.IsAbs(dir) && !ofShell(dir) {
			return path
		}
	}
	return ""
}

// ofShell tells the binDir of an environment, of any: a shell may be opened in
// the shell of another.
func ofShell(dir string) bool {
	env := filepath.Dir(filepath.Clean(dir))
	_, err := os.Stat(filepath.Join(env, "env.json"))
	return err == nil && filepath.Base(filepath.Dir(env)) == "envs"
}

// fits says whether a kubectl is within one minor version of the cluster.
func (s *State) fits(ctx context.Context, env *environment.Environment, program string) (bool, error) {
	theirs, err := s.minorOf(ctx, env.Home, program)
	if err != nil {
		return false, err
	}
	client, err := kube.FromFile(env.Kubeconfig())
	if err != nil {
		return false, err
	}
	v, err := client.Typed.Discovery().ServerVersion()
	if err != nil {
		return false, fmt.Errorf("ask the cluster for its version: %w", err)
	}
	cluster, err := strconv.Atoi(strings.TrimRight(v.Minor, "+"))
	return err == nil && theirs-cluster <= 1 && cluster-theirs <= 1, err
}

// minorOf is a kubectl's minor version. It is remembered for as long as the
// program does not change, because asking takes a while.
func (s *State) minorOf(ctx context.Context, home environment.Home, program string) (int, error) {
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	key := fmt.Sprintf("%s %d %d", program, info.Size(), info.ModTime().UnixNano())
	known := home.Remembered("kubectl.json")
	if minor, err := strconv.Atoi(known[key]); err == nil {
		return minor, nil
	}
	out, err := proc.Command{Path: program, Args: []string{"version", "--client", "-o", "json"}}.Output(ctx)
	if err != nil {
		return 0, err
	}
	var answer struct {
		ClientVersion struct{ Minor string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, fmt.Errorf("%s version: %w", program, err)
	}
	minor, err := strconv.Atoi(strings.TrimRight(answer.ClientVersion.Minor, "+"))
	if err == nil {
		home.Remember("kubectl.json", map[string]string{key: strconv.Itoa(minor)})
	}
	return minor, err
}
