package proxy

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// predefined are the engine's own networks, for all that use it. No other may have
// such a name.
func predefined() []string { return []string{"bridge", "none", "host", "default"} }

// networks lists those that the environment may use: its own, and the engine's.
func (p *Proxy) networks(ctx context.Context) (ours, engines []thing, err error) {
	if _, err := p.ask(ctx, "/networks", filtered(map[string][]string{"label": {p.ourLabel()}}), &ours); err != nil {
		return nil, nil, err
	}
	_, err = p.ask(ctx, "/networks", filtered(map[string][]string{"type": {"builtin"}}), &engines)
	engines = slices.DeleteFunc(engines, func(t thing) bool { return !slices.Contains(predefined(), t.Name) })
	return ours, engines, err
}

// networkID finds a network that the environment may use. To it, those of others
// are not there.
func (p *Proxy) networkID(ctx context.Context, word string) (id string, byName, builtin bool, err error) {
	ours, engines, err := p.networks(ctx)
	if err != nil {
		return "", false, false, err
	}
	path := "/networks/" + word
	if id, byName = match(append(ours, engines...), word); id == "" || !byName && p.meansAnother(ctx, path, id) {
		return "", false, false, p.missing(ctx, "network "+word+" not found", path)
	}
	return id, byName, slices.ContainsFunc(engines, func(t thing) bool { return t.ID == id }), nil
}

// ofNetwork lets a request through that is about a network of the environment's, or
// looks at one of the engine's.
func (p *Proxy) ofNetwork(r *http.Request, parts []string) error {
	if slices.Contains([]string{"create", "prune"}, parts[0]) {
		return nil
	}
	id, _, builtin, err := p.networkID(r.Context(), parts[0])
	if err != nil {
		return err
	}
	rename(r, "/networks/"+parts[0], "/networks/"+id)
	if builtin && r.Method == http.MethodGet {
		onAnswer(r, p.withoutOthers)
	}
	return nil
}

// listNetworks leaves out those of others.
func (p *Proxy) listNetworks(r *http.Request, _ []string) error {
	onAnswer(r, func(response *http.Response) error {
		return edited(response, func(data []byte) ([]byte, error) {
			var all []json.RawMessage
			if err := json.Unmarshal(data, &all); err != nil {
				return nil, err
			}
			seen := []json.RawMessage{}
			for _, one := range all {
				var n thing
				if err := json.Unmarshal(one, &n); err != nil {
					return nil, err
				}
				if p.ours(n.Labels) || slices.Contains(predefined(), n.Name) {
					seen = append(seen, one)
				}
			}
			return json.Marshal(seen)
		})
	})
	return nil
}

// withoutOthers leaves the containers of others out of what is said of a network.
func (p *Proxy) withoutOthers(response *http.Response) error {
	query := filtered(map[string][]string{"label": {p.ourLabel()}})
	query.Set("all", "1")
	var list []thing
	if _, err := p.ask(response.Request.Context(), "/containers/json", query, &list); err != nil {
		return err
	}
	return edited(response, func(data []byte) ([]byte, error) {
		var all map[string]json.RawMessage
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			return nil, err
		}
		if len(all["Containers"]) == 0 {
			return data, nil
		}
		if err := json.Unmarshal(all["Containers"], &members); err != nil {
			return nil, err
		}
		seen := map[string]json.RawMessage{}
		for id, one := range members {
			if slices.ContainsFunc(list, func(t thing) bool { return t.ID == id }) {
				seen[id] = one
			}
		}
		var err error
		if all["Containers"], err = json.Marshal(seen); err != nil {
			return nil, err
		}
		return json.Marshal(all)
	})
}

// connect lets a container of the environment's into a network or out of it.
func (p *Proxy) connect(r *http.Request, parts []string) error {
	network, _, _, err := p.networkID(r.Context(), parts[0])
	if err != nil {
		return err
	}
	rename(r, "/networks/"+parts[0]+parts[1], "/networks/"+network+parts[1])
	return rewrite(r, func(o object) error {
		word, _ := o["Container"].(string)
		id, err := p.containerID(r.Context(), word)
		o["Container"] = id
		return err
	})
}

// createNetwork keeps a network within the engine: some drivers and options reach
// interfaces of the host.
func (p *Proxy) createNetwork(r *http.Request, _ []string) error {
	if err := p.explainClash(r, nil); err != nil {
		return err
	}
	return rewrite(r, func(o object) error {
		if driver, _ := o["Driver"].(string); driver != "" && driver != "bridge" && driver != "default" && driver != "null" {
			return forbidden("labctl: this lab does not allow networks of the driver " + driver + " in your own Docker Engine; leave out --driver")
		}
		for option := range o.object("Options") {
			if strings.EqualFold(option, "com.docker.network.bridge.name") || strings.EqualFold(option, "parent") {
				return forbidden("labctl: this lab does not allow networks with the option " + option + " in your own Docker Engine")
			}
		}
		o["CheckDuplicate"] = true // or engines before version 25 have two of one name
		return nil
	})
}
