package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// checkMounts refuses a container that mounts what is not the lab's.
func (p *Proxy) checkMounts(host object) error {
	binds, _ := host["Binds"].([]any)
	for _, b := range binds {
		source := bindSource(fmt.Sprint(b))
		if !isPath(source) {
			continue // the name of a volume
		}
		if err := p.checkBind(source); err != nil {
			return err
		}
	}
	mounts, _ := host["Mounts"].([]any)
	for _, m := range mounts {
		mount, _ := m.(map[string]any)
		if mount["Type"] == "bind" {
			if err := p.checkBind(fmt.Sprint(mount["Source"])); err != nil {
				return err
			}
		}
		if err := p.checkVolume(object(mount).object("VolumeOptions").object("DriverConfig").object("Options")); err != nil {
			return err
		}
	}
	return nil
}

// letter begins a path of Windows.
var letter = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// drive is the beginning of a path, where labctl runs on Windows.
func drive(path string) string {
	if runtime.GOOS != "windows" {
		return ""
	}
	return letter.FindString(path)
}

// bindSource is what a bind (SOURCE:TARGET[:OPTIONS]) mounts.
func bindSource(bind string) string {
	start := len(drive(bind))
	source, _, _ := strings.Cut(bind[start:], ":")
	return bind[:start] + source
}

// isPath tells a path from the name of a volume.
func isPath(source string) bool { return strings.HasPrefix(source, "/") || drive(source) != "" }

// checkVolume refuses options with which the engine would mount anything but
// memory and the lab's own directories: it mounts file systems of every type that
// the kernel knows, with options that name paths.
func (p *Proxy) checkVolume(options object) error {
	text := func(name string) string { value, _ := options[name].(string); return value }
	if text("type") == "" && text("o") == "" && text("device") == "" {
		return nil
	}
	bind := false
	for option := range strings.SplitSeq(text("o"), ",") {
		name, _, _ := strings.Cut(option, "=")
		switch {
		case name == "bind" || name == "rbind":
			bind = true
		case !slices.Contains(volumeOptions(), name):
			return forbidden("labctl: this lab does not allow volumes with the option " + name)
		}
	}
	switch kind := text("type"); {
	case kind == "tmpfs" && !bind:
		return nil
	case bind && slices.Contains([]string{"", "none", "bind"}, kind):
		return p.checkBind(text("device"))
	default:
		return forbidden(fmt.Sprintf("labctl: this lab does not allow volumes of the type %q; those of memory (tmpfs) and of directories (none, with the option bind) it does", kind))
	}
}

// volumeOptions are those that say nothing about where a volume is.
func volumeOptions() []string {
	return []string{
		"", "defaults", "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "atime", "noatime", "diratime", "nodiratime",
		"relatime", "norelatime", "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks",
	}
}

// checkBind refuses a path outside the directories that may be mounted.
func (p *Proxy) checkBind(source string) error {
	for _, dir := range p.policy.Binds {
		if contained(dir, source) {
			return nil
		}
	}
	if len(p.policy.Binds) == 0 {
		return forbidden("labctl: this lab does not allow to mount " + source + "; use a named volume")
	}
	return forbidden(fmt.Sprintf("labctl: this lab does not allow to mount %s; mount something below %s, or use a named volume", source, p.policy.Binds[0]))
}

// contained says whether a path leads to a place in dir, by whichever links, also
// for the engine: it sees the same dir, and another world around it. So no link
// may leave dir on its way, not even one that comes back, and none may lead to
// what is not there yet.
func contained(dir, path string) bool {
	relative, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(relative) || slices.Contains(strings.Split(path, "/"), "..") {
		return false
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer func() { _ = root.Close() }()
	for ; ; relative = filepath.Dir(relative) {
		if _, err := root.Stat(relative); err == nil {
			return true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if _, err := root.Lstat(relative); err == nil {
			return false // a link to what is not there
		}
	}
}

// startContainer looks again at what a container mounts: links may have changed.
func (p *Proxy) startContainer(r *http.Request, parts []string) error {
	container, err := p.inspect(r.Context(), "/containers/"+parts[0]+"/json")
	if err != nil {
		return err
	}
	if err := p.checkMounts(container.object("HostConfig")); err != nil {
		return err
	}
	mounts, _ := container["Mounts"].([]any)
	for _, m := range mounts {
		mount, _ := m.(map[string]any)
		if mount["Type"] != "volume" {
			continue
		}
		volume, err := p.inspect(r.Context(), fmt.Sprint("/volumes/", mount["Name"]))
		if err != nil {
			return err
		}
		if err := p.checkVolume(volume.object("Options")); err != nil {
			return err
		}
	}
	return nil
}

// inspect asks the engine. What is not there is empty: the engine will say so
// itself.
func (p *Proxy) inspect(ctx context.Context, path string) (object, error) {
	u := url.URL{Scheme: "http", Host: "docker", Path: path}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("labctl: ask Docker about %s: %w", path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil
	}
	var o object
	if err := json.NewDecoder(response.Body).Decode(&o); err != nil {
		return nil, fmt.Errorf("labctl: ask Docker about %s: %w", path, err)
	}
	return o, nil
}
