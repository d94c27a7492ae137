package proxy

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const (
	mine   = "1111111111111111111111111111111111111111111111111111111111111111"
	theirs = "1111222222222222222222222222222222222222222222222222222222222222"
)

// crowd is an engine in which somebody else has things, too.
type crowd struct {
	t       *testing.T
	seen    []string // requests that are more than a question of the proxy's
	query   url.Values
	body    map[string]any
	refusal string // what it answers to whatever is not a question
	names   names
}

type names []string

func (n *names) Has(ref string) (bool, error) { return slices.Contains(*n, ref), nil }
func (n *names) Add(ref string) error         { *n = append(*n, ref); return nil }
func (n *names) Forget(ref string) error {
	*n = slices.DeleteFunc(*n, func(r string) bool { return r == ref })
	return nil
}

const ourLabels = `{"` + Label + `":"env1"}`

// answers are what it says of what it has.
func (c *crowd) answers() map[string]string {
	return map[string]string{
		"/containers/" + mine + "/json":             `{"Id":"` + mine + `","Name":"/web","Config":{"Labels":` + ourLabels + `}}`,
		"/containers/web/json":                      `{"Id":"` + mine + `","Name":"/web","Config":{"Labels":` + ourLabels + `}}`,
		"/containers/" + theirs + "/json":           `{"Id":"` + theirs + `","Name":"/db","Config":{"Labels":{}}}`,
		"/containers/db/json":                       `{"Id":"` + theirs + `","Name":"/db","Config":{"Labels":{}}}`,
		"/containers/1111111/json":                  `{"Id":"` + theirs + `","Name":"/1111111"}`, // it begins an ID of ours
		"/exec/e1/json":                             `{"ContainerID":"` + mine + `"}`,
		"/exec/e2/json":                             `{"ContainerID":"` + theirs + `"}`,
		"/volumes/data":                             `{"Name":"data","Labels":` + ourLabels + `}`,
		"/volumes/pg":                               `{"Name":"pg","Labels":null}`,
		"/volumes/other":                            `{"Name":"other","Labels":{"` + Label + `":"env2"}}`,
		"/networks/office":                          `{"Id":"n2","Name":"office","Labels":{}}`,
		"/images/base:v1/json":                      `{"Id":"sha256:b","Config":{"Volumes":{"/var/lib":{}}}}`,
		"/images/parcels:v1/json":                   `{"Id":"sha256:p","Config":{"Labels":` + ourLabels + `}}`,
		"/images/docker.io/library/parcels:v1/json": `{"Id":"sha256:p","Config":{"Labels":` + ourLabels + `}}`,
		"/images/app:v1/json":                       `{"Id":"sha256:a","Config":{}}`,
		"/images/docker.io/library/app:v1/json":     `{"Id":"sha256:a","Config":{}}`,
		"/images/sha256:p/json":                     `{"Id":"sha256:p","Config":{"Labels":` + ourLabels + `}}`,
	}
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	filters := r.URL.Query().Get("filters")
	onlyOurs := strings.Contains(filters, Label+"=env1")
	path := version.ReplaceAllString(r.URL.Path, "")
	answer, known := c.answers()[path]
	switch {
	case r.Method == http.MethodGet && path == "/containers/json" && onlyOurs:
		_, _ = io.WriteString(w, `[{"Id":"`+mine+`","Names":["/web","/shop/web"],"Labels":`+ourLabels+`}]`)
	case r.Method == http.MethodGet && path == "/containers/json":
		_, _ = io.WriteString(w, `[{"Id":"`+theirs+`","Names":["/db"],"Ports":[{"PublicPort":5432}]}]`)
	case r.Method == http.MethodGet && path == "/networks" && onlyOurs:
		_, _ = io.WriteString(w, `[{"Id":"n1","Name":"shop","Labels":`+ourLabels+`}]`)
	case r.Method == http.MethodGet && path == "/networks" && strings.Contains(filters, "builtin"):
		_, _ = io.WriteString(w, `[{"Id":"n0","Name":"bridge"}]`)
	case r.Method == http.MethodGet && path == "/networks":
		_, _ = io.WriteString(w, `[{"Id":"n0","Name":"bridge"},{"Id":"n1","Name":"shop","Labels":`+ourLabels+`},{"Id":"n2","Name":"office","Labels":{}}]`)
	case r.Method == http.MethodGet && path == "/networks/n0":
		_, _ = io.WriteString(w, `{"Id":"n0","Name":"bridge","Containers":{"`+mine+`":{},"`+theirs+`":{}}}`)
	case r.Method == http.MethodGet && known:
		_, _ = io.WriteString(w, answer)
	case r.Method == http.MethodGet && path == "/events":
		for _, e := range []string{
			`{"Type":"container","Action":"start","Actor":{"ID":"` + mine + `","Attributes":` + ourLabels + `}}`,
			`{"Type":"container","Action":"start","Actor":{"ID":"` + theirs + `","Attributes":{"name":"db"}}}`,
			`{"Type":"volume","Action":"create","Actor":{"ID":"data"}}`,
			`{"Type":"volume","Action":"create","Actor":{"ID":"pg"}}`,
			`{"Type":"network","Action":"connect","Actor":{"ID":"n0","Attributes":{"name":"bridge","container":"` + theirs + `"}}}`,
			`{"Type":"daemon","Action":"reload","Actor":{"ID":"d"}}`,
		} {
			_, _ = io.WriteString(w, e+"\n")
		}
	case r.Method == http.MethodGet && !strings.HasPrefix(path, "/version"):
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"nothing there"}`)
	default:
		c.seen = append(c.seen, r.Method+" "+path)
		c.query, c.body = r.URL.Query(), nil
		if data, _ := io.ReadAll(r.Body); len(data) > 0 && path != "/images/load" {
			if err := json.Unmarshal(data, &c.body); err != nil {
				c.t.Errorf("the engine got %q", data)
			}
		}
		if c.refusal != "" {
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": c.refusal})
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}
}

// ask sends a request through a proxy of the environment env1.
func (c *crowd) ask(method, path, body string) (status int, answer string) {
	c.t.Helper()
	c.seen, c.query, c.body = nil, nil, nil
	upstream := httptest.NewServer(c)
	defer upstream.Close()
	dial := func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", upstream.Listener.Addr().String())
	}
	policy := Policy{Environment: "env1", Shared: &Shared{Dir: c.t.TempDir(), Tags: &c.names}}
	front := httptest.NewServer(New(policy, dial, slog.New(slog.DiscardHandler)))
	defer front.Close()
	request, err := http.NewRequestWithContext(c.t.Context(), method, front.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// What is somebody else's does not reach the engine, by whichever name.
func TestOthersAreOutOfReach(t *testing.T) {
	c := &crowd{t: t}
	for _, request := range []string{
		"GET /v1.45/containers/db/json", "DELETE /containers/1111111", "GET /containers/" + theirs + "/json", "GET /containers/11112/logs", "GET /containers/db/archive", "HEAD /containers/db/archive",
		"PUT /containers/db/archive", "POST /containers/db/stop", "POST /v1.45/containers/db/exec", "POST /containers/db/rename?name=x", "POST /containers/db/update",
		"DELETE /v1.45/containers/db?force=1", "POST /containers/db/attach", "POST /containers/db/wait", "POST /containers/db/start",
		"POST /exec/e2/start", "GET /exec/e2/json", "POST /exec/none/start", "POST /commit?container=db&repo=x",
		"GET /networks/office", "DELETE /networks/office", "DELETE /networks/n2", "POST /networks/office/connect {\"Container\":\"web\"}",
		"POST /networks/shop/connect {\"Container\":\"db\"}", "POST /networks/shop/disconnect {\"container\":\"db\"}",
		"GET /volumes/pg", "DELETE /volumes/pg", "DELETE /volumes/other", "PUT /volumes/pg", "POST /volumes/create {\"Name\":\"pg\"}",
		"DELETE /images/app:v1", "POST /images/app:v1/push", "POST /images/parcels:v1/tag?repo=app&tag=v1", "POST /images/create?fromImage=app&tag=v1",
		"POST /images/create?fromImage=app", "POST /images/create?fromSrc=-&repo=app&tag=v1", "POST /build?t=app:v1", "POST /build?networkmode=office",
		"POST /build/prune", "GET /system/df", "POST /swarm/init", "GET /secrets", "POST /containers/web/checkpoints", "POST /new/things",
		`POST /containers/create {"HostConfig":{"NetworkMode":"office"}}`, `POST /containers/create {"HostConfig":{"NetworkMode":"container:db"}}`,
		`POST /containers/create {"HostConfig":{"pidmode":"container:db"}}`, `POST /containers/create {"HostConfig":{"VolumesFrom":["db:ro"]}}`,
		`POST /containers/create {"HostConfig":{"Links":["db:db"]}}`, `POST /containers/create {"HostConfig":{"Binds":["pg:/x"]}}`,
		`POST /containers/create {"HostConfig":{"Mounts":[{"Type":"volume","Source":"pg","Target":"/x"}]}}`,
		`POST /containers/create {"HostConfig":{"Mounts":[{"Type":"npipe","Source":"docker_engine","Target":"/x"}]}}`,
		`POST /containers/create {"NetworkingConfig":{"EndpointsConfig":{"office":{}}}}`,
		`POST /networks/create {"Name":"x","Driver":"macvlan"}`, `POST /networks/create {"Name":"x","Options":{"com.docker.network.bridge.name":"docker0"}}`,
	} {
		words := strings.SplitN(request, " ", 3)
		status, answer := c.ask(words[0], words[1], strings.Join(words[2:], ""))
		if status < http.StatusBadRequest || len(c.seen) > 0 {
			t.Errorf("%s: %d %s; the engine saw %q", request, status, answer, c.seen)
		}
	}
}

// What is the environment's own is, and goes by its ID from then on.
func TestOnesOwnIsWithinReach(t *testing.T) {
	c := &crowd{t: t}
	for request, want := range map[string]string{
		"POST /v1.45/containers/web/stop":                                    "POST /containers/" + mine + "/stop",
		"POST /containers/shop/web/start":                                    "POST /containers/" + mine + "/start",
		"DELETE /containers/" + mine[:20]:                                    "DELETE /containers/" + mine,
		"DELETE /containers/1111":                                            "DELETE /containers/" + mine, // the others are not there
		"POST /exec/e1/start":                                                "POST /exec/e1/start",
		"DELETE /networks/shop":                                              "DELETE /networks/n1",
		`POST /networks/bridge/connect {"Container":"web"}`:                  "POST /networks/n0/connect",
		"DELETE /volumes/data":                                               "DELETE /volumes/data",
		`POST /volumes/create {"Name":"data"}`:                               "POST /volumes/create",
		"DELETE /images/parcels:v1":                                          "DELETE /images/parcels:v1",
		"POST /images/base:v1/tag?repo=mine&tag=v1":                          "POST /images/base:v1/tag",
		"POST /images/create?fromImage=alpine&tag=3":                         "POST /images/create",
		"POST /session":                                                      "POST /session",
		"POST /build?t=parcels:v1":                                           "POST /build",
		`POST /containers/create {"HostConfig":{"NetworkMode":"shop"}}`:      "POST /containers/create",
		`POST /networks/create {"Name":"x","Driver":"bridge"}`:               "POST /networks/create",
		`POST /containers/create {"HostConfig":{"Links":["web"]}}`:           "POST /containers/create",
		`POST /containers/create {"HostConfig":{"VolumesFrom":["web:ro"]}}`:  "POST /containers/create",
		`POST /containers/create {"HostConfig":{"IpcMode":"container:web"}}`: "POST /containers/create",
	} {
		words := strings.SplitN(request, " ", 3)
		status, answer := c.ask(words[0], words[1], strings.Join(words[2:], ""))
		if status != http.StatusOK || !slices.Equal(c.seen, []string{want}) {
			t.Errorf("%s: %d %s; the engine saw %q", request, status, answer, c.seen)
		}
	}
	if want := (names{"docker.io/library/mine:v1", "docker.io/library/alpine:3"}); len(c.names) != 2 || !slices.Contains(c.names, want[0]) || !slices.Contains(c.names, want[1]) {
		t.Errorf("it remembers the names %q", c.names)
	}
}

func TestListsAreOfOnesOwn(t *testing.T) {
	c := &crowd{t: t}
	for path, want := range map[string]string{
		"/containers/json?all=1":                                     `"Id":"` + mine,
		"/containers/json?filters=%7B%22name%22%3A%5B%22db%22%5D%7D": `"Id":"` + mine, // the engine applies both
		"/networks":        `[{"Id":"n0","Name":"bridge"},{"Id":"n1","Name":"shop","Labels":` + ourLabels + `}]`,
		"/networks/bridge": `"Containers":{"` + mine + `":{}}`,
	} {
		if _, answer := c.ask(http.MethodGet, path, ""); !strings.Contains(answer, want) || strings.Contains(answer, theirs) {
			t.Errorf("%s: %s", path, answer)
		}
	}
	for _, path := range []string{"/containers/prune", "/networks/prune", "/volumes/prune", `/images/prune?filters={"dangling":{"false":true}}`} {
		_, answer := c.ask(http.MethodPost, path, "")
		if got := c.query.Get("filters"); !strings.Contains(got, `"label":["`+Label+`=env1"]`) {
			t.Errorf("%s is for %s: %s", path, got, answer)
		}
	}
	_, events := c.ask(http.MethodGet, "/events", "")
	if lines := strings.Split(strings.TrimSpace(events), "\n"); len(lines) != 2 || !strings.Contains(lines[0], mine) || !strings.Contains(lines[1], `"data"`) {
		t.Errorf("the events are %s", events)
	}
}

func TestVolumesOfAContainerCarryTheLabel(t *testing.T) {
	c := &crowd{t: t}
	_, answer := c.ask(http.MethodPost, "/containers/create", `{"Image":"base:v1","Volumes":{"/cache/":{}},"HostConfig":{"Binds":["data:/data","fresh:/fresh"],"Mounts":[{"Type":"volume","Source":"more","Target":"/more"}]}}`)
	if want := []string{"POST /volumes/create", "POST /containers/create"}; !slices.Equal(c.seen, want) {
		t.Fatalf("the engine saw %q: %s", c.seen, answer)
	}
	host, _ := c.body["HostConfig"].(map[string]any)
	mounts, _ := json.Marshal(host["Mounts"])
	labelled := `"VolumeOptions":{"Labels":` + ourLabels + `}}`
	want := `[{"Source":"more","Target":"/more","Type":"volume",` + labelled + `,{"Target":"/cache","Type":"volume",` + labelled + `,{"Target":"/var/lib","Type":"volume",` + labelled + `]`
	if string(mounts) != want {
		t.Errorf("it mounts %s, want %s", mounts, want)
	}
}

func TestAClashSaysWhoseItIs(t *testing.T) {
	for refusal, want := range map[string]string{
		`Conflict. The container name "/db" is already in use by container "` + theirs + `". You have to remove it.`: "the container db is in your Docker Engine and not this lab's",
		`Conflict. The container name "/web" is already in use by container "` + mine + `". You have to remove it.`:  "",
		"network with name office already exists": "the network office is in your Docker Engine",
		"driver failed programming external connectivity: Bind for 0.0.0.0:5432 failed: port is already allocated": "not this lab's, db",
		"driver failed: failed to bind host port 0.0.0.0:8080/tcp: address already in use":                         "another program of this machine has the port 8080",
		"Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use":                    "the port 8080",
		"no space left on device": "",
	} {
		c := &crowd{t: t, refusal: refusal}
		for _, request := range []string{"/containers/create", "/containers/web/start", "/networks/create"} {
			_, answer := c.ask(http.MethodPost, request, "{}")
			var said struct{ Message string }
			if err := json.Unmarshal([]byte(answer), &said); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(said.Message, refusal) || !strings.Contains(said.Message, want) || (want == "") != (said.Message == refusal) {
				t.Errorf("%s: %s", request, said.Message)
			}
		}
	}
}

// An engine that is gone is nobody's mistake.
func TestAnEngineThatDoesNotAnswer(t *testing.T) {
	dial := func(context.Context) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
	front := httptest.NewServer(New(Policy{Environment: "env1", Shared: &Shared{Tags: &names{}}}, dial, slog.New(slog.DiscardHandler)))
	defer front.Close()
	for _, path := range []string{"/containers/web/start", "/containers/create", "/volumes/create", "/grpc", "/session", "/images/create?fromImage=x&tag=1"} {
		response, err := http.Post(front.URL+path, "application/json", strings.NewReader(`{"Name":"v","HostConfig":{"Binds":["v:/v"]}}`))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}

func TestAnArchiveTakesNoNames(t *testing.T) {
	archive := func(ref string) string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		data := `[{"Config":"abc.json","RepoTags":["` + ref + `"]}]`
		if err := w.WriteHeader(&tar.Header{Name: "manifest.json", Size: int64(len(data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, data)
		_ = w.Close()
		return b.String()
	}
	c := &crowd{t: t}
	if status, answer := c.ask(http.MethodPost, "/images/load", archive("app:v1")); status != http.StatusConflict || len(c.seen) > 0 {
		t.Errorf("an image of others: %d %s", status, answer)
	}
	if status, answer := c.ask(http.MethodPost, "/images/load", archive("new:v1")); status != http.StatusOK || len(c.seen) != 1 || !slices.Equal(c.names, names{"docker.io/library/new:v1"}) {
		t.Errorf("a new one: %d %s %q", status, answer, c.names)
	}
	if status, answer := c.ask(http.MethodPost, "/images/load", "\x1f\x8b..."); status != http.StatusBadRequest {
		t.Errorf("no archive: %d %s", status, answer)
	}
	c.refusal = "no space left on device"
	c.names = nil
	if _, answer := c.ask(http.MethodPost, "/images/load", archive("new:v1")); len(c.names) > 0 {
		t.Errorf("it remembers a name that was not given: %s", answer)
	}
}
