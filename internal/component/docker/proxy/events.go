package proxy

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// event is a message of the engine's.
type event struct {
	Type  string
	Actor struct {
		ID         string
		Attributes map[string]string
	}
}

// events passes on what happens to the environment's own things, and to images.
func (p *Proxy) events(w http.ResponseWriter, r *http.Request) {
	u := url.URL{Scheme: "http", Host: "docker", Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, u.String(), nil)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	response, err := p.client.Do(request)
	if err != nil {
		p.unreachable(w, r, err)
		return
	}
	defer response.Body.Close()
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	w.WriteHeader(response.StatusCode)
	if response.StatusCode != http.StatusOK {
		_, _ = io.Copy(w, response.Body) // the client may have left
		return
	}
	out := http.NewResponseController(w)
	_ = out.Flush() // that it listens is an answer
	known := knownThings{proxy: p, ours: map[string]bool{}}
	for messages := json.NewDecoder(response.Body); ; {
		var raw json.RawMessage
		if err := messages.Decode(&raw); err != nil {
			if !errors.Is(err, io.EOF) && r.Context().Err() == nil {
				p.log.Debug("docker proxy: events ended", "error", err)
			}
			return
		}
		var e event
		if json.Unmarshal(raw, &e) != nil || !known.concerns(r, e) {
			continue
		}
		if _, err := w.Write(append(raw, '\n')); err != nil || out.Flush() != nil {
			return
		}
	}
}

// knownThings remembers which networks and volumes are the environment's: when one
// is gone, the engine cannot be asked any more.
type knownThings struct {
	proxy *Proxy
	ours  map[string]bool
}

func (k *knownThings) concerns(r *http.Request, e event) bool {
	p := k.proxy
	switch e.Type {
	case "image", "builder":
		return true
	case "container":
		return p.ours(e.Actor.Attributes)
	case "network", "volume":
		if of := e.Actor.Attributes["container"]; of != "" {
			if _, err := p.containerID(r.Context(), of); err == nil {
				return true
			}
		}
		key := e.Type + " " + e.Actor.ID
		if !k.ours[key] {
			k.ours[key] = k.ask(r, e)
		}
		return k.ours[key]
	}
	return false
}

func (k *knownThings) ask(r *http.Request, e event) bool {
	var t thing
	path := "/networks/" + e.Actor.ID
	if e.Type == "volume" {
		path = "/volumes/" + e.Actor.ID
	} else if slices.Contains(predefined(), e.Actor.Attributes["name"]) {
		return false
	}
	there, err := k.proxy.ask(r.Context(), path, nil, &t)
	return err == nil && there && k.proxy.ours(t.Labels)
}
