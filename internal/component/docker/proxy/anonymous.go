package proxy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// labelMount labels the volume that the engine makes for a mount.
func (p *Proxy) labelMount(m object) {
	options := m.object("VolumeOptions")
	if options == nil {
		options = object{}
		m["VolumeOptions"] = map[string]any(options)
	}
	labels := options.object("Labels")
	if labels == nil {
		labels = object{}
		options["Labels"] = map[string]any(labels)
	}
	labels[Label] = p.policy.Environment
}

// labelAnonymous asks for the volumes without a name that the engine makes for a
// container, or for its image, as mounts: these can have labels.
func (p *Proxy) labelAnonymous(ctx context.Context, o, host object) error {
	targets, err := p.volumesOf(ctx, o)
	if err != nil {
		return err
	}
	taken, err := p.targets(ctx, host)
	if err != nil {
		return err
	}
	mounts, _ := host["Mounts"].([]any)
	for _, target := range targets {
		if slices.Contains(taken, target) {
			continue
		}
		m := object{"Type": "volume", "Target": target}
		p.labelMount(m)
		mounts = append(mounts, map[string]any(m))
	}
	if len(mounts) > 0 {
		host["Mounts"] = mounts
	}
	return nil
}

// volumesOf lists the places for which the engine makes volumes.
func (p *Proxy) volumesOf(ctx context.Context, o object) ([]string, error) {
	targets := slices.Collect(maps.Keys(o.object("Volumes")))
	if name, _ := o["Image"].(string); name != "" {
		var image struct {
			Config struct{ Volumes map[string]struct{} }
		}
		if _, err := p.ask(ctx, "/images/"+name+"/json", nil, &image); err != nil {
			return nil, err
		}
		targets = slices.AppendSeq(targets, maps.Keys(image.Config.Volumes))
	}
	list, _ := o.object("HostConfig")["Binds"].([]any)
	kept := []any{}
	for _, item := range list { // a bind of one word is such a place, too
		if text := fmt.Sprint(item); !strings.Contains(text, ":") {
			targets = append(targets, text)
		} else {
			kept = append(kept, item)
		}
	}
	if len(kept) < len(list) {
		o.object("HostConfig")["Binds"] = kept
	}
	for i, target := range targets {
		targets[i] = cleaned(target)
	}
	slices.Sort(targets)
	return slices.Compact(targets), nil
}

// targets are the places in a container where something is mounted already.
func (p *Proxy) targets(ctx context.Context, host object) (taken []string, err error) {
	binds, _ := host["Binds"].([]any)
	for _, item := range binds {
		bind := fmt.Sprint(item)
		rest := strings.TrimPrefix(bind[len(bindSource(bind)):], ":")
		target, _, _ := strings.Cut(rest, ":")
		taken = append(taken, cleaned(target))
	}
	mounts, _ := host["Mounts"].([]any)
	for _, item := range mounts {
		m, _ := item.(map[string]any)
		taken = append(taken, cleaned(fmt.Sprint(m["Target"])))
	}
	for target := range host.object("Tmpfs") {
		taken = append(taken, cleaned(target))
	}
	from, _ := host["VolumesFrom"].([]any)
	for _, item := range from {
		id, _, _ := strings.Cut(fmt.Sprint(item), ":")
		var other struct {
			Mounts []struct{ Destination string }
		}
		if _, err := p.ask(ctx, "/containers/"+id+"/json", nil, &other); err != nil {
			return nil, err
		}
		for _, m := range other.Mounts {
			taken = append(taken, cleaned(m.Destination))
		}
	}
	return taken, nil
}

func cleaned(target string) string { return "/" + strings.Trim(target, "/") }
