package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxBody bounds what is read of a request: such bodies are a few kilobytes.
const maxBody = 4 << 20

// object is a JSON object, with the fields that this version of Docker knows
// and those it does not.
type object map[string]any

// object returns a field that is an object; empty if it is not there.
func (o object) object(field string) object {
	inner, _ := o[field].(map[string]any)
	return inner
}

// edit changes the JSON body of a request that makes something, and labels what
// it makes.
func (p *Proxy) edit(r *http.Request, change func(object) error) error {
	return rewrite(r, func(o object) error {
		labels := o.object("Labels")
		if labels == nil {
			labels = object{}
		}
		labels[Label] = p.policy.Environment
		o["Labels"] = map[string]any(labels)
		return change(o)
	})
}

// rewrite changes the JSON body of a request. Numbers keep their digits.
func rewrite(r *http.Request, change func(object) error) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return fmt.Errorf("labctl: read the request: %w", err)
	}
	if len(data) > maxBody {
		return &Refusal{http.StatusRequestEntityTooLarge, "labctl: the request is too long"}
	}
	o := object{}
	if len(bytes.TrimSpace(data)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&o); err != nil {
			return &Refusal{http.StatusBadRequest, "labctl: the request is no JSON: " + err.Error()}
		}
	}
	if err := change(o); err != nil {
		return err
	}
	if data, err = json.Marshal(o); err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	r.Header.Set("Content-Length", strconv.Itoa(len(data)))
	r.Header.Del("Transfer-Encoding")
	r.TransferEncoding = nil
	return nil
}
