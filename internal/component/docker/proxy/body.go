package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
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

// schema is what an object's fields are called that rules look at, and what is in
// them. Other fields are passed on unseen.
type schema map[string]schema

// body is the schema of all that is made. The engine takes fields in any letter
// case; maps whose keys are the learner's own words (labels, options) are not
// objects in this sense.
func body() schema {
	volume := schema{"DriverConfig": {"Options": nil}, "Labels": nil}
	host := schema{"Mounts": {"Type": nil, "Source": nil, "Target": nil, "VolumeOptions": volume}}
	for _, field := range []string{
		"Privileged", "NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode", "Devices", "DeviceRequests",
		"DeviceCgroupRules", "CapAdd", "Binds", "MaskedPaths", "ReadonlyPaths", "PortBindings",
		"VolumesFrom", "VolumeDriver", "Links", "Tmpfs",
	} {
		host[field] = nil
	}
	all := schema{"HostConfig": host, "NetworkingConfig": {"EndpointsConfig": nil}}
	for _, field := range []string{"Labels", "Privileged", "DriverOpts", "Name", "Image", "Volumes", "Container", "Driver", "Options", "CheckDuplicate"} {
		all[field] = nil
	}
	return all
}

// canonical gives the fields of a schema their usual letter case. What names the
// same field twice is refused: engines differ in which one counts.
func canonical(value any, s schema) error {
	if list, ok := value.([]any); ok {
		for _, item := range list {
			if err := canonical(item, s); err != nil {
				return err
			}
		}
	}
	v, _ := value.(map[string]any)
	for name, inner := range s {
		var spelled []string
		for key := range v {
			if strings.EqualFold(key, name) {
				spelled = append(spelled, key)
			}
		}
		if len(spelled) > 1 {
			return &Refusal{Status: http.StatusBadRequest, Message: "labctl: the request says " + name + " twice"}
		}
		if len(spelled) == 0 {
			continue
		}
		item := v[spelled[0]]
		delete(v, spelled[0])
		v[name] = item
		if err := canonical(item, inner); err != nil {
			return err
		}
	}
	return nil
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
		return &Refusal{Status: http.StatusRequestEntityTooLarge, Message: "labctl: the request is too long"}
	}
	o := object{}
	if len(bytes.TrimSpace(data)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&o); err != nil {
			return &Refusal{Status: http.StatusBadRequest, Message: "labctl: the request is no JSON: " + err.Error()}
		}
	}
	if err := canonical(map[string]any(o), body()); err != nil {
		return err
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
	r.Header.Set("Content-Type", "application/json") // it had none if there was no body
	r.Header.Del("Transfer-Encoding")
	r.TransferEncoding = nil
	return nil
}
