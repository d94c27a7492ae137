package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// sharedRules keep the learner and others apart on an engine that is not the
// environment's own.
func (p *Proxy) sharedRules() []rule {
	return []rule{
		at(http.MethodGet, `/(?:containers/json|volumes|events)`, p.onlyOurs),
		at(http.MethodPost, `/(?:containers|networks|volumes|images)/prune`, p.onlyOurs),
		at(http.MethodPost, `/build/prune`, func(*http.Request, []string) error {
			return forbidden("labctl: the build cache is not this lab's alone; prune it with your own Docker")
		}),
		at("", `/(containers|volumes)/([^/]+)(?:/.*)?`, p.ours),
		at(http.MethodDelete, `/(networks)/([^/]+)`, p.ours),
		at(http.MethodPost, `/(networks)/([^/]+)/(?:dis)?connect`, p.ours),
	}
}

// onlyOurs narrows a list, or what is pruned, to what carries the label.
func (p *Proxy) onlyOurs(r *http.Request, _ []string) error {
	query := r.URL.Query()
	filters := map[string]any{}
	if text := query.Get("filters"); text != "" {
		if err := json.Unmarshal([]byte(text), &filters); err != nil {
			return &Refusal{http.StatusBadRequest, fmt.Sprintf("filters: %v", err)}
		}
	}
	mine := Label + "=" + p.policy.Environment
	switch labels := filters["label"].(type) { // clients write a list or a set
	case []any:
		filters["label"] = append(labels, mine)
	case map[string]any:
		labels[mine] = true
	default:
		filters["label"] = []any{mine}
	}
	return setJSON(r.URL, query, "filters", filters)
}

// ours refuses to touch what belongs to somebody else, as if it did not exist.
func (p *Proxy) ours(r *http.Request, parts []string) error {
	kind, name := parts[0], parts[1]
	if slices.Contains([]string{"json", "create", "prune"}, name) {
		return nil
	}
	labels, found, err := p.labels(r.Context(), kind, name)
	if err != nil {
		return fmt.Errorf("labctl: ask Docker about %s: %w", name, err)
	}
	if found && labels[Label] != p.policy.Environment {
		return &Refusal{http.StatusNotFound, fmt.Sprintf("labctl: %s is not among this lab's %s", name, kind)}
	}
	return nil
}

// labels asks the engine for the labels of a container, network or volume.
func (p *Proxy) labels(ctx context.Context, kind, name string) (labels map[string]string, found bool, err error) {
	path := "/" + kind + "/" + url.PathEscape(name)
	if kind == "containers" {
		path += "/json"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return nil, false, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, false, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, false, nil
	}
	var thing struct {
		Labels map[string]string
		Config struct{ Labels map[string]string }
	}
	if err := json.NewDecoder(response.Body).Decode(&thing); err != nil {
		return nil, false, err
	}
	if kind == "containers" {
		return thing.Config.Labels, true, nil
	}
	return thing.Labels, true, nil
}
