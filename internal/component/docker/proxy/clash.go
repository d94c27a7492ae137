package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

// whose says whose something is that is not this lab's, and what to do.
func whose(what string, labels map[string]string) string {
	if id := labels[Label]; id != "" {
		return fmt.Sprintf("the %s belongs to another lab environment, %s. Stop that one (`labctl status --all` lists them), or choose another name", what, id)
	}
	return fmt.Sprintf("the %s is in your Docker Engine and not this lab's, so labctl leaves it alone. Rename or remove it in a shell of your own, outside of the lab, or start the lab with --docker own", what)
}

var (
	nameTaken    = regexp.MustCompile(`already in use by container "?([0-9a-f]{64})`)
	networkTaken = regexp.MustCompile(`network with name (\S+) already exists`)
	portTaken    = regexp.MustCompile(`:(\d+)(?:/tcp|/udp)?"?:? ?(?:failed: port is already allocated|bind: address already in use|.*address already in use)`)
)

// explainClash adds to the engine's refusal of a name or a port whose it is.
func (p *Proxy) explainClash(r *http.Request, _ []string) error {
	onAnswer(r, func(response *http.Response) error {
		if response.StatusCode < http.StatusBadRequest {
			return nil
		}
		ctx := response.Request.Context()
		return edited(response, func(data []byte) ([]byte, error) {
			var said map[string]any
			message, _ := "", error(nil)
			if json.Unmarshal(data, &said) == nil {
				message, _ = said["message"].(string)
			}
			why := p.clash(ctx, message)
			if why == "" {
				return data, nil
			}
			said["message"] = message + " (labctl: " + why + ")"
			return json.Marshal(said)
		})
	})
	return nil
}

// clash says whose the thing is that a message of the engine's says is in the way;
// nothing if it is the environment's own.
func (p *Proxy) clash(ctx context.Context, message string) string {
	if found := nameTaken.FindStringSubmatch(message); found != nil {
		var c struct {
			Name   string
			Config struct{ Labels map[string]string }
		}
		if there, err := p.ask(ctx, "/containers/"+found[1]+"/json", nil, &c); err == nil && there && !p.ours(c.Config.Labels) {
			return whose("container "+trimSlash(c.Name), c.Config.Labels)
		}
		return ""
	}
	if found := networkTaken.FindStringSubmatch(message); found != nil {
		var n thing
		if there, err := p.ask(ctx, "/networks/"+found[1], nil, &n); err == nil && there && !p.ours(n.Labels) {
			return whose("network "+n.Name, n.Labels)
		}
		return ""
	}
	if found := portTaken.FindStringSubmatch(message); found != nil {
		return p.publisher(ctx, found[1])
	}
	return ""
}

// publisher says who has a port of the host.
func (p *Proxy) publisher(ctx context.Context, port string) string {
	number, err := strconv.Atoi(port)
	if err != nil {
		return ""
	}
	var list []struct {
		thing

		Ports []struct{ PublicPort int }
	}
	if _, err := p.ask(ctx, "/containers/json", nil, &list); err != nil {
		return ""
	}
	for _, c := range list {
		for _, one := range c.Ports {
			if one.PublicPort != number {
				continue
			}
			if p.ours(c.Labels) {
				return ""
			}
			name := c.ID
			if len(c.Names) > 0 {
				name = trimSlash(c.Names[0])
			}
			if id := c.Labels[Label]; id != "" {
				return fmt.Sprintf("the port %d is published by the container %s of another lab environment, %s. Stop that one, or publish another port", number, name, id)
			}
			return fmt.Sprintf("the port %d is published by a container in your Docker Engine that is not this lab's, %s. Stop that one in a shell of your own, or publish another port", number, name)
		}
	}
	return fmt.Sprintf("another program of this machine has the port %d. End that one, or publish another port", number)
}

func trimSlash(name string) string { return string(bytes.TrimPrefix([]byte(name), []byte("/"))) }

// edited changes the body of an answer.
func edited(response *http.Response, change func([]byte) ([]byte, error)) error {
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("labctl: read what Docker answers: %w", err)
	}
	response.Body.Close()
	if response.StatusCode < http.StatusBadRequest || json.Valid(data) {
		if data, err = change(data); err != nil {
			return fmt.Errorf("labctl: read what Docker answers: %w", err)
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	response.ContentLength = int64(len(data))
	response.Header.Set("Content-Length", strconv.Itoa(len(data)))
	response.Header.Del("Transfer-Encoding")
	return nil
}
