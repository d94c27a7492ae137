package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
)

// rule is applied to the requests it fits; parts are what its path captured.
// Several may fit one request; the first that fails ends it.
type rule struct {
	method string // any, if empty
	path   *regexp.Regexp
	apply  func(r *http.Request, parts []string) error
	// serve, if there is one, answers the request instead.
	serve http.HandlerFunc
	// shared says that the rule keeps an environment to itself in an engine that it
	// shares: what none such knows is refused there.
	shared bool
}

func at(method, path string, apply func(*http.Request, []string) error) rule {
	return rule{method: method, path: regexp.MustCompile("^" + path + "$"), apply: apply}
}

func (p *Proxy) allRules() []rule {
	var first []rule
	if p.policy.Shared != nil {
		first = p.sharedRules()
	}
	return append(first, []rule{
		at("", `/(swarm|services|nodes|tasks|configs|secrets|plugins)(?:/.*)?`, notInLabs),
		at(http.MethodPost, `/containers/create`, p.createContainer),
		// Names may have slashes: those that --link gives do.
		at(http.MethodPost, `/containers/(.+)/(?:re)?start`, p.startContainer),
		at(http.MethodPost, `/containers/.+/exec`, p.createExec),
		at(http.MethodPost, `/networks/create`, p.labelled),
		at(http.MethodPost, `/volumes/create`, p.createVolume),
		at(http.MethodPost, `/build`, p.classicBuild),
	}...)
}

// notInLabs refuses what reading lists of is harmless, and changing is not.
func notInLabs(r *http.Request, parts []string) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	return forbidden("labctl: " + parts[0] + " cannot be changed in a lab")
}

// labelled adds the environment's label to what a request makes.
func (p *Proxy) labelled(r *http.Request, _ []string) error {
	return p.edit(r, func(object) error { return nil })
}

// createExec refuses to run a program with more rights than its container.
func (p *Proxy) createExec(r *http.Request, _ []string) error {
	return rewrite(r, func(o object) error {
		if o["Privileged"] == true {
			return forbidden("labctl: this lab does not allow --privileged")
		}
		return nil
	})
}

// createVolume refuses volumes that are another name for what is not the lab's.
func (p *Proxy) createVolume(r *http.Request, _ []string) error {
	return p.edit(r, func(o object) error { return p.checkVolume(o.object("DriverOpts")) })
}

// classicBuild labels the image that the classic builder makes.
func (p *Proxy) classicBuild(r *http.Request, _ []string) error {
	query := r.URL.Query()
	if query.Get("networkmode") == "host" {
		return forbidden("labctl: this lab does not allow the host's network")
	}
	labels := map[string]string{}
	if text := query.Get("labels"); text != "" {
		if err := json.Unmarshal([]byte(text), &labels); err != nil {
			return &Refusal{Status: http.StatusBadRequest, Message: fmt.Sprintf("labels: %v", err)}
		}
	}
	labels[Label] = p.policy.Environment
	return setJSON(r.URL, query, "labels", labels)
}

// setJSON sets a parameter of a query whose value is JSON.
func setJSON(u *url.URL, query url.Values, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	query.Set(name, string(data))
	u.RawQuery = query.Encode()
	return nil
}
