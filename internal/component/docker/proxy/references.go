package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// checkReferences refuses a container that is to be made of what is somebody else's:
// their networks, containers, volumes. Volumes that are made for it get the label.
func (p *Proxy) checkReferences(ctx context.Context, o object) error {
	host := o.object("HostConfig")
	if host == nil {
		host = object{}
		o["HostConfig"] = map[string]any(host)
	}
	for _, check := range []func(context.Context, object) error{p.checkModes, p.checkLinks, p.checkBinds, p.checkVolumeMounts} {
		if err := check(ctx, host); err != nil {
			return err
		}
	}
	if err := p.checkEndpoints(ctx, o.object("NetworkingConfig").object("EndpointsConfig")); err != nil {
		return err
	}
	return p.labelAnonymous(ctx, o, host)
}

// referred is an error about what a container is to be made of. What nobody has is
// for the engine to refuse. What somebody else has is not "not found": the docker
// command would look for an image then.
func referred(err error) error {
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound {
		return err
	}
	if !refusal.others {
		return nil
	}
	return &Refusal{Status: http.StatusConflict, Message: refusal.Message}
}

// checkModes looks at the networks and namespaces that a container is to share.
func (p *Proxy) checkModes(ctx context.Context, host object) error {
	for _, field := range []string{"NetworkMode", "PidMode", "IpcMode"} {
		mode, _ := host[field].(string)
		if word, ofContainer := strings.CutPrefix(mode, "container:"); ofContainer {
			id, err := p.containerID(ctx, word)
			if err := referred(err); err != nil {
				return err
			}
			if id != "" {
				host[field] = "container:" + id
			}
			continue
		}
		if field != "NetworkMode" || mode == "" || slices.Contains(predefined(), mode) {
			continue
		}
		id, byName, _, err := p.networkID(ctx, mode)
		if err := referred(err); err != nil {
			return err
		}
		if id != "" && !byName {
			host[field] = id
		}
	}
	return nil
}

func (p *Proxy) checkEndpoints(ctx context.Context, endpoints object) error {
	for _, word := range slices.Collect(maps.Keys(endpoints)) {
		if slices.Contains(predefined(), word) {
			continue
		}
		id, byName, _, err := p.networkID(ctx, word)
		if err := referred(err); err != nil {
			return err
		}
		if id != "" && !byName {
			endpoints[id] = endpoints[word]
			delete(endpoints, word)
		}
	}
	return nil
}

// checkLinks looks at the containers that one is linked to, or has volumes from.
func (p *Proxy) checkLinks(ctx context.Context, host object) error {
	for _, field := range []string{"VolumesFrom", "Links"} {
		list, _ := host[field].([]any)
		for i, item := range list {
			word, rest, found := strings.Cut(fmt.Sprint(item), ":")
			id, err := p.containerID(ctx, word)
			if err := referred(err); err != nil {
				return err
			}
			if id == "" {
				continue
			}
			if field == "Links" && !found { // the alias is the name then
				rest, found = strings.TrimPrefix(word, "/"), true
			}
			list[i] = id
			if found {
				list[i] = id + ":" + rest
			}
		}
	}
	return nil
}

// checkBinds makes the volumes that binds name, for the engine would not label them.
func (p *Proxy) checkBinds(ctx context.Context, host object) error {
	list, _ := host["Binds"].([]any)
	for _, item := range list {
		source := bindSource(fmt.Sprint(item))
		if isPath(source) || !strings.Contains(fmt.Sprint(item), ":") {
			continue
		}
		there, err := p.mayHave(ctx, source)
		if err != nil {
			return err
		}
		if !there {
			if err := p.makeVolume(ctx, source, host["VolumeDriver"]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Proxy) checkVolumeMounts(ctx context.Context, host object) error {
	list, _ := host["Mounts"].([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		switch kind, _ := m["Type"].(string); kind {
		case "volume":
			if source, _ := m["Source"].(string); source != "" {
				if _, err := p.mayHave(ctx, source); err != nil {
					return err
				}
			}
			p.labelMount(m)
		case "bind", "tmpfs", "image":
		default:
			return forbidden(fmt.Sprintf("labctl: this lab does not allow mounts of the type %q", kind))
		}
	}
	return nil
}
