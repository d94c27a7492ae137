package containertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// StartedAt is when a container was started last.
func (c *Container) StartedAt() string { return fmt.Sprintf("2026-01-01T00:00:%02dZ", c.Starts) }

func (c *Container) status() string {
	switch {
	case c.Paused:
		return "paused"
	case c.Restarting:
		return "restarting"
	case c.Running:
		return "running"
	}
	return "exited"
}

// inspected is what is told of a container.
func (c *Container) inspected() map[string]any {
	networks := map[string]any{}
	for _, id := range c.Networks {
		networks[strings.TrimSuffix(id, "-id")] = map[string]any{"NetworkID": id, "IPAddress": "10.0.0.2", "Aliases": []string{"alias", c.ID[:12]}}
	}
	ports := map[string]any{}
	if c.Port != "" {
		ports["8080/tcp"] = []any{map[string]any{"HostPort": c.Port}}
	}
	return map[string]any{
		"Id": c.ID, "Name": "/" + c.Name, "Created": "2026-01-01T00:00:00Z", "Image": c.Image,
		"State": map[string]any{
			"Status": c.status(), "Running": c.Running, "Paused": c.Paused, "Restarting": c.Restarting, "StartedAt": c.StartedAt(),
		},
		"Config":          map[string]any{"Labels": c.Labels, "Image": c.ImageName, "Hostname": c.ID[:12]},
		"HostConfig":      map[string]any{"AutoRemove": c.AutoRemove, "NetworkMode": c.Mode, "PortBindings": ports},
		"NetworkSettings": map[string]any{"Networks": networks},
	}
}

func (e *Engine) list(w http.ResponseWriter, r *http.Request) {
	var filters map[string]map[string]bool
	if text := r.URL.Query().Get("filters"); text != "" {
		if err := json.Unmarshal([]byte(text), &filters); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	list := []any{}
	for _, c := range slices.Backward(e.containers) { // the newest first
		if c.matches(filters) {
			list = append(list, map[string]any{"Id": c.ID, "Names": []string{"/" + c.Name}, "Labels": c.Labels, "State": c.status()})
		}
	}
	answer(w, list)
}

func (c *Container) matches(filters map[string]map[string]bool) bool {
	for pattern := range filters["name"] {
		if !regexp.MustCompile(pattern).MatchString("/" + c.Name) {
			return false
		}
	}
	for label := range filters["label"] {
		key, value, valued := strings.Cut(label, "=")
		if have, has := c.Labels[key]; !has || valued && have != value {
			return false
		}
	}
	return true
}

func (e *Engine) create(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	var body struct {
		Image            string
		Labels           map[string]string
		HostConfig       struct{ NetworkMode string }
		NetworkingConfig struct{ EndpointsConfig map[string]any }
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	if err == nil && len(body.NetworkingConfig.EndpointsConfig) > 1 { // before version 1.44 of the API
		err = fmt.Errorf("container cannot be connected to network endpoints")
	}
	e.changes = append(e.changes, "create "+name)
	if err == nil && e.Before != nil {
		err = e.Before("create " + name)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if slices.ContainsFunc(e.containers, func(o *Container) bool { return o.Name == name }) {
		refuse(w, http.StatusConflict, "the name is already in use")
		return
	}
	c := &Container{ID: fmt.Sprintf("%064x", 0xabc0+len(e.changes)), Name: name, Labels: body.Labels, ImageName: body.Image, Mode: body.HostConfig.NetworkMode}
	if c.Mode != "" {
		c.Networks = []string{c.Mode + "-id"}
	}
	e.containers = append(e.containers, c)
	w.WriteHeader(http.StatusCreated)
	answer(w, map[string]any{"Id": c.ID})
}

func (e *Engine) network(w http.ResponseWriter, r *http.Request, id, what string) {
	if what == "" {
		answer(w, []any{map[string]any{"Name": "shop", "Id": "shop-id"}, map[string]any{"Name": "back", "Id": "back-id"}})
		return
	}
	var body struct{ Container string }
	err := json.NewDecoder(r.Body).Decode(&body)
	c := e.get(body.Container)
	if err != nil || c == nil {
		refuse(w, http.StatusNotFound, "No such container: "+body.Container)
		return
	}
	id = strings.TrimSuffix(id, "-id") + "-id"
	e.changes = append(e.changes, what+" "+c.Name)
	c.Networks = slices.DeleteFunc(slices.Clone(c.Networks), func(have string) bool { return have == id })
	if what == "connect" {
		c.Networks = append(c.Networks, id)
	}
}

// image answers what is known of an image by its name: its ID is "sha256:" and the
// name.
func (e *Engine) image(w http.ResponseWriter, name string) {
	answer(w, map[string]any{"Id": "sha256:" + name, "RepoTags": []string{name}})
}
