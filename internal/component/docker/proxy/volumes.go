package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// ofVolume lets a request through that is about a volume of the environment's.
func (p *Proxy) ofVolume(r *http.Request, parts []string) error {
	there, whose, err := p.volume(r.Context(), parts[0])
	switch {
	case err != nil:
		return err
	case whose != "":
		return &Refusal{Status: http.StatusNotFound, Message: "get " + parts[0] + ": no such volume in this lab (labctl: " + whose + ")"}
	case !there:
		return &Refusal{Status: http.StatusNotFound, Message: "get " + parts[0] + ": no such volume"}
	}
	return nil
}

// volume says whether there is a volume of a name, and whose it is if it is not the
// environment's.
func (p *Proxy) volume(ctx context.Context, name string) (there bool, others string, err error) {
	var v struct{ Labels map[string]string }
	there, err = p.ask(ctx, "/volumes/"+name, nil, &v)
	if there && !p.ours(v.Labels) {
		others = whose("volume "+name, v.Labels)
	}
	return there, others, err
}

// mayHave refuses the name of a volume that somebody else has: the engine would give
// it to whoever asks.
func (p *Proxy) mayHave(ctx context.Context, name string) (there bool, err error) {
	there, whose, err := p.volume(ctx, name)
	if err == nil && whose != "" {
		err = &Refusal{Status: http.StatusConflict, Message: "labctl: " + whose}
	}
	return there, err
}

// claimVolume refuses to make a volume that somebody else has.
func (p *Proxy) claimVolume(r *http.Request, _ []string) error {
	return rewrite(r, func(o object) error {
		name, _ := o["Name"].(string)
		if name == "" {
			return nil
		}
		_, err := p.mayHave(r.Context(), name)
		return err
	})
}

// makeVolume makes a volume that the engine would make by itself, without a label.
func (p *Proxy) makeVolume(ctx context.Context, name string, driver any) error {
	o := object{"Name": name, "Labels": map[string]string{Label: p.policy.Environment}}
	if driver, _ := driver.(string); driver != "" {
		o["Driver"] = driver
	}
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://docker/volumes/create", bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return silent(err)
	}
	defer response.Body.Close()
	if response.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	var said struct{ Message string }
	_ = json.NewDecoder(response.Body).Decode(&said) // the status says enough
	return &Refusal{Status: response.StatusCode, Message: said.Message}
}
