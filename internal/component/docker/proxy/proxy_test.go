package proxy

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// engine answers as Docker would and remembers what reached it.
type engine struct {
	t       *testing.T
	path    string
	query   url.Values
	body    map[string]any
	inspect map[string]string // what is answered to a question for a path
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := e.inspect[r.URL.Path]; ok {
		_, _ = io.WriteString(w, answer)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/json") {
		http.NotFound(w, r)
		return
	}
	e.path, e.query, e.body = r.URL.Path, r.URL.Query(), nil
	data, _ := io.ReadAll(r.Body)
	if len(data) > 0 {
		if err := json.Unmarshal(data, &e.body); err != nil {
			e.t.Errorf("the engine got %q", data)
		}
	}
	_, _ = io.WriteString(w, `{}`)
}

// ask sends a request through a proxy and returns what became of it.
func ask(t *testing.T, policy Policy, method, path, body string) (status int, message string, e *engine) {
	t.Helper()
	e = &engine{t: t}
	status, message = e.ask(policy, method, path, body)
	return status, message, e
}

func (e *engine) ask(policy Policy, method, path, body string) (status int, message string) {
	t := e.t
	t.Helper()
	upstream := httptest.NewServer(e)
	t.Cleanup(upstream.Close)
	dial := func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", upstream.Listener.Addr().String())
	}
	policy.Environment = "env1"
	front := httptest.NewServer(New(policy, dial, slog.New(slog.DiscardHandler)))
	t.Cleanup(front.Close)
	request, err := http.NewRequestWithContext(t.Context(), method, front.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Message string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer.Message
}

func TestWhatReachesBeyondTheLabIsRefused(t *testing.T) {
	work := t.TempDir()
	out := filepath.Join(work, "out")
	if err := os.Symlink("/etc", out); err != nil {
		t.Fatal(err)
	}
	policy := Policy{Binds: []string{work}}
	tests := map[string]struct{ path, body, want string }{
		"privileged":           {"/v1.45/containers/create?name=a", `{"HostConfig":{"Privileged":true}}`, "--privileged"},
		"the host's network":   {"/containers/create", `{"HostConfig":{"NetworkMode":"host"}}`, "--network host"},
		"the host's processes": {"/v1.45/containers/create", `{"HostConfig":{"PidMode":"host"}}`, "--pid host"},
		"a device":             {"/v1.45/containers/create", `{"HostConfig":{"Devices":[{"PathOnHost":"/dev/sda"}]}}`, "devices"},
		"a capability":         {"/v1.45/containers/create", `{"HostConfig":{"CapAdd":["CAP_SYS_ADMIN"]}}`, "SYS_ADMIN"},
		"all capabilities":     {"/v1.45/containers/create", `{"HostConfig":{"CapAdd":["all"]}}`, "ALL"},
		"a bind":               {"/v1.45/containers/create", `{"HostConfig":{"Binds":["/etc:/x:ro"]}}`, "below " + work},
		"a way out by dots":    {"/v1.45/containers/create", `{"HostConfig":{"Binds":["` + work + `/../x:/x"]}}`, "mount"},
		"a link out":           {"/v1.45/containers/create", `{"HostConfig":{"Mounts":[{"Type":"bind","Source":"` + out + `"}]}}`, "mount"},
		"a bind by a volume":   {"/v1.45/volumes/create", `{"Name":"v","DriverOpts":{"type":"none","o":"bind","device":"/"}}`, "mount"},
		"one in a container": {"/v1.45/containers/create",
			`{"HostConfig":{"Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Options":{"o":"bind","device":"/"}}}}]}}`, "mount"},
		"in other letters":  {"/v1.45/containers/create", `{"hostconfig":{"privileged":true}}`, "--privileged"},
		"more of /proc":     {"/v1.45/containers/create", `{"HostConfig":{"MaskedPaths":[]}}`, "kernel"},
		"a privileged exec": {"/v1.45/containers/abc/exec", `{"Privileged":true}`, "--privileged"},
		"one by a link":     {"/v1.45/containers/app/db/exec", `{"Privileged":true}`, "--privileged"},
		"a host's build":    {"/v1.45/build?networkmode=host", ``, "network"},
		"a swarm":           {"/v1.45/swarm/init", `{}`, "swarm"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, message, e := ask(t, policy, http.MethodPost, tt.path, tt.body)
			if status != http.StatusForbidden || !strings.Contains(message, tt.want) || e.path != "" {
				t.Errorf("%d %q; the engine saw %q", status, message, e.path)
			}
		})
	}
	for path, body := range map[string]string{
		"/v1.45/containers/create":      `{"HostConfig":{},"hostConfig":{"Privileged":true}}`,
		"/v1.45//containers/create":     `{}`,
		"/v1.45.6/containers/create":    `{}`,
		"/v1/containers/create":         `{}`,
		"/v1..45/containers/create":     `{}`,
		"/v./containers/create":         `{}`,
		"/v1.45/x/../containers/create": `{}`,
	} {
		if status, message, e := ask(t, policy, http.MethodPost, path, body); status != http.StatusBadRequest || e.path != "" {
			t.Errorf("%s %s: %d %s", path, body, status, message)
		}
	}
}

func TestWhatIsMadeCarriesTheLabel(t *testing.T) {
	work := t.TempDir()
	for _, path := range []string{"/v1.45/containers/create?name=a", "/v1.45/networks/create", "/v1.45/volumes/create"} {
		body := `{"Labels":{"mine":"1","source":"2"},"Memory":9007199254740993,"HostConfig":{"Binds":["data:/data","` + work + `/sub:/x"]}}`
		status, message, e := ask(t, Policy{Binds: []string{work}}, http.MethodPost, path, body)
		labels, _ := e.body["Labels"].(map[string]any)
		if status != http.StatusOK || labels[Label] != "env1" || labels["mine"] != "1" || labels["source"] != "2" {
			t.Errorf("%s: %d %s %v", path, status, message, e.body)
		}
	}
	_, _, e := ask(t, Policy{}, http.MethodPost, "/v1.45/containers/create", `{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}}`)
	if got, _ := json.Marshal(e.body["HostConfig"]); string(got) != `{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}` {
		t.Errorf("ports are published as %s", got)
	}
	_, _, e = ask(t, Policy{}, http.MethodPost, "/v1.45/build?t=x&labels=%7B%22a%22%3A%22b%22%7D", "")
	if got := e.query.Get("labels"); got != `{"a":"b","`+Label+`":"env1"}` || e.query.Get("t") != "x" {
		t.Errorf("a build got %v", e.query)
	}
}

func TestPortsAreChosenForTheHost(t *testing.T) {
	for _, binding := range []string{`{}`, `{"HostPort":"0"}`, `{"hostport":"","HostIp":"::"}`} {
		_, message, e := ask(t, Policy{}, http.MethodPost, "/v1.45/containers/create", `{"HostConfig":{"PortBindings":{"80/tcp":[`+binding+`,{}]}}}`)
		host, _ := e.body["HostConfig"].(map[string]any)
		got, _ := json.Marshal(host["PortBindings"])
		ports := regexp.MustCompile(`^{"80/tcp":\[{"HostPort":"([1-9][0-9]+)"},{"HostPort":"([1-9][0-9]+)"}\]}$`).FindStringSubmatch(string(got))
		if ports == nil || ports[1] == ports[2] {
			t.Errorf("%s becomes %s %s", binding, got, message)
		}
	}
	for bindings, want := range map[string]string{
		`{"53/udp":[{"HostPort":"53"}]}`:                          "TCP only",
		`{"53/sctp":[{}]}`:                                        "TCP only",
		`{"80/tcp":[{"HostPort":"8000-8010"}]}`:                   "a single port",
		`{"80/tcp":[{"HostPort":"8000","HostIp":"192.168.1.5"}]}`: "not on 192.168.1.5; leave the address out",
		`{"80/tcp":[{"HostPort":"8000","hostip":"127.0.0.2"}]}`:   "not on 127.0.0.2",
		`{"80/tcp":[{"HostPort":"8000","HostIp":"::1"}]}`:         "not on ::1",
		`{"80/tcp":[{"HostPort":"8000","HostIp":"localhost"}]}`:   "not on localhost",
	} {
		status, message, e := ask(t, Policy{}, http.MethodPost, "/v1.45/containers/create", `{"HostConfig":{"PortBindings":`+bindings+`}}`)
		if status != http.StatusBadRequest || !strings.Contains(message, want) || e.path != "" {
			t.Errorf("%s: %d %s", bindings, status, message)
		}
	}
}

func TestVolumesAreOfMemoryOrTheWorkspace(t *testing.T) {
	work := t.TempDir()
	for options, want := range map[string]int{
		`{}`:             http.StatusOK,
		`{"size":"10m"}`: http.StatusOK,
		`{"type":"tmpfs","device":"tmpfs","o":"size=1m,uid=1000"}`:             http.StatusOK,
		`{"type":"none","o":"bind,ro","device":"` + work + `"}`:                http.StatusOK,
		`{"o":"rbind","device":"` + work + `/sub"}`:                            http.StatusOK,
		`{"type":"none","o":"bind","device":"/node"}`:                          http.StatusForbidden,
		`{"type":"tmpfs","o":"bind","device":"/node"}`:                         http.StatusForbidden,
		`{"type":"overlay","device":"overlay","o":"lowerdir=/node:/node/log"}`: http.StatusForbidden,
		`{"type":"overlay","device":"","o":"lowerdir=/node:/node/log"}`:        http.StatusForbidden,
		`{"type":"devtmpfs","device":"devtmpfs"}`:                              http.StatusForbidden,
		`{"type":"none","o":"bind,lowerdir=/","device":"` + work + `"}`:        http.StatusForbidden,
		`{"type":"nfs","o":"addr=10.0.0.1","device":":/x"}`:                    http.StatusForbidden,
	} {
		for path, body := range map[string]string{
			"/v1.45/volumes/create":    `{"DriverOpts":` + options + `}`,
			"/v1.45/containers/create": `{"HostConfig":{"Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Options":` + options + `}}}]}}`,
		} {
			if status, message, _ := ask(t, Policy{Binds: []string{work}}, http.MethodPost, path, body); status != want {
				t.Errorf("%s %s: %d %s", path, options, status, message)
			}
		}
	}
}

func TestWhereLinksLead(t *testing.T) {
	work := t.TempDir()
	if err := os.Mkdir(filepath.Join(work, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"within": "dir", "nowhere": "/node/docker.sock", "later": "dir/none/../../../x", "round": "../" + filepath.Base(work) + "/dir", "process": "/proc/self/cwd",
	} {
		if err := os.Symlink(to, filepath.Join(work, name)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		"": true, "dir": true, "new/er": true, "within/new": true,
		"nowhere": false, "nowhere/x": false, "later": false, "round": false, "process": false, "dir/../dir": false,
	} {
		if got := contained(work, work+"/"+path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, path := range []string{"/etc", work + "-more", "dir", ""} {
		if contained(work, path) {
			t.Errorf("%s is contained", path)
		}
	}
}

func TestAStartLooksAtMountsAgain(t *testing.T) {
	work := t.TempDir()
	if err := os.Symlink("/node", filepath.Join(work, "s")); err != nil {
		t.Fatal(err)
	}
	for name, inspect := range map[string]map[string]string{
		"a bind":  {"/containers/front/db/json": `{"HostConfig":{"Binds":["` + work + `/s:/s"]}}`},
		"a mount": {"/containers/front/db/json": `{"HostConfig":{"Mounts":[{"Type":"bind","Source":"` + work + `/s"}]}}`},
		"a volume": {
			"/containers/front/db/json": `{"HostConfig":{"Binds":["v:/s"]},"Mounts":[{"Type":"volume","Name":"v"}]}`,
			"/volumes/v":                `{"Options":{"type":"none","o":"bind","device":"` + work + `/s"}}`,
		},
	} {
		for _, verb := range []string{"start", "restart"} {
			e := &engine{t: t, inspect: inspect}
			if status, message := e.ask(Policy{Binds: []string{work}}, http.MethodPost, "/v1.45/containers/front/db/"+verb, ""); status != http.StatusForbidden || e.path != "" {
				t.Errorf("%s, %s: %d %s", name, verb, status, message)
			}
		}
	}
	if status, message, e := ask(t, Policy{}, http.MethodPost, "/v1.45/containers/gone/start", ""); status != http.StatusOK || e.path == "" {
		t.Errorf("one that is not there: %d %s", status, message)
	}
}
