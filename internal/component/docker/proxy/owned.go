package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ourLabel is on all that is the environment's, as filters have it.
func (p *Proxy) ourLabel() string { return Label + "=" + p.policy.Environment }

// ours tells by its labels what is the environment's.
func (p *Proxy) ours(labels map[string]string) bool { return labels[Label] == p.policy.Environment }

// onlyOurs narrows what is listed or pruned down to the environment's.
func (p *Proxy) onlyOurs(r *http.Request, _ []string) error {
	query := r.URL.Query()
	filters, err := readFilters(query.Get("filters"))
	if err != nil {
		return err
	}
	filters["label"] = append(filters["label"], p.ourLabel()) // all labels have to match
	return setJSON(r.URL, query, "filters", filters)
}

// readFilters reads a parameter that older clients write as an object of objects.
func readFilters(text string) (map[string][]string, error) {
	filters := map[string][]string{}
	if text == "" || json.Unmarshal([]byte(text), &filters) == nil {
		return filters, nil
	}
	var old map[string]map[string]bool
	if err := json.Unmarshal([]byte(text), &old); err != nil {
		return nil, invalid("labctl: the filters of the request are no JSON: " + err.Error())
	}
	clear(filters)
	for name, values := range old {
		for value, wanted := range values {
			if wanted {
				filters[name] = append(filters[name], value)
			}
		}
	}
	return filters, nil
}

// ask asks the engine for JSON. It is not there if the engine says so.
func (p *Proxy) ask(ctx context.Context, path string, query url.Values, into any) (there bool, err error) {
	u := url.URL{Scheme: "http", Host: "docker", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return false, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return false, silent(err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return false, nil
	default:
		return false, fmt.Errorf("labctl: ask Docker about %s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return false, fmt.Errorf("labctl: ask Docker about %s: %w", path, err)
	}
	return true, nil
}

// filtered is a query with filters.
func filtered(filters map[string][]string) url.Values {
	data, _ := json.Marshal(filters) // strings can be written
	return url.Values{"filters": {string(data)}}
}

// thing is a container or a network in a list.
type thing struct {
	ID     string `json:"Id"`
	Name   string
	Names  []string
	Labels map[string]string
}

// match finds what a word names as the engine would: by its ID, by a name, or by the
// beginning of its ID, if that is no other's.
func match(list []thing, word string) (id string, byName bool) {
	name := strings.TrimPrefix(word, "/")
	for _, t := range list {
		if t.ID == word {
			return t.ID, true
		}
	}
	for _, t := range list {
		if t.Name == name || slices.Contains(t.Names, "/"+name) {
			return t.ID, true
		}
	}
	for _, t := range list {
		if !strings.HasPrefix(t.ID, word) {
			continue
		}
		if id != "" {
			return "", false
		}
		id = t.ID
	}
	return id, false
}

// containerID finds a container of the environment's. To it, those of others are not
// there.
func (p *Proxy) containerID(ctx context.Context, word string) (string, error) {
	query := filtered(map[string][]string{"label": {p.ourLabel()}})
	query.Set("all", "1")
	var list []thing
	if _, err := p.ask(ctx, "/containers/json", query, &list); err != nil {
		return "", err
	}
	path := "/containers/" + word + "/json"
	id, byName := match(list, word)
	if id == "" || !byName && p.meansAnother(ctx, path, id) {
		return "", p.missing(ctx, "No such container: "+word, path)
	}
	return id, nil
}

// meansAnother says whether a word that begins an ID is the name of something else in the
// engine: hex digits make words.
func (p *Proxy) meansAnother(ctx context.Context, path, id string) bool {
	var other thing
	there, err := p.ask(ctx, path, nil, &other)
	return err == nil && there && other.ID != id
}

// missing is the engine's own refusal, and says so if somebody else has such a thing.
func (p *Proxy) missing(ctx context.Context, message, path string) error {
	var about map[string]json.RawMessage
	there, err := p.ask(ctx, path, nil, &about)
	there = err == nil && there
	if there {
		message += " in this lab (labctl: there is one in your Docker Engine that is not the lab's, and labctl leaves it alone)"
	}
	return &Refusal{Status: http.StatusNotFound, Message: message, others: there}
}

// ofContainer lets a request through that is about a container of the
// environment's, and has it name that by its ID.
func (p *Proxy) ofContainer(r *http.Request, parts []string) error {
	id, err := p.containerID(r.Context(), parts[0])
	if err != nil {
		return err
	}
	rename(r, "/containers/"+parts[0]+parts[1], "/containers/"+id+parts[1])
	return nil
}

// rename changes the end of a request's path.
func rename(r *http.Request, from, to string) {
	r.URL.Path = strings.TrimSuffix(r.URL.Path, from) + to
	r.URL.RawPath = ""
}

// ofExec lets a request through that is about a command in a container of the
// environment's.
func (p *Proxy) ofExec(r *http.Request, parts []string) error {
	var about struct{ ContainerID string }
	there, err := p.ask(r.Context(), "/exec/"+parts[0]+"/json", nil, &about)
	if err != nil {
		return err
	}
	if there {
		_, err = p.containerID(r.Context(), about.ContainerID)
		there = err == nil
	}
	if !there {
		return &Refusal{Status: http.StatusNotFound, Message: "No such exec instance: " + parts[0]}
	}
	return nil
}
