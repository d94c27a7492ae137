package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestStores(t *testing.T) {
	for name, env := range map[string]map[string]string{"memory": nil, "directory": {"DATA_DIR": t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			_, h := warmService(t, env)
			steps := []struct {
				method, path, body string
				code               int
				want               string
			}{
				{"GET", "/kv/a", "", 404, "no such key\n"},
				{"PUT", "/kv/a", "one", 204, ""},
				{"PUT", "/kv/a", "two", 204, ""},
				{"PUT", "/kv/b.c-d_e", "x", 204, ""},
				{"GET", "/kv/a", "", 200, "two"},
				{"GET", "/kv/", "", 200, `["a","b.c-d_e"]` + "\n"},
				{"PUT", "/kv/.hidden", "x", 400, "a key is made of letters, digits, '.', '_' and '-'\n"},
				{"GET", "/kv/..%2Fetc", "", 404, "no such key\n"},
				{"DELETE", "/kv/a", "", 204, ""},
				{"GET", "/kv/a", "", 404, "no such key\n"},
			}
			for _, s := range steps {
				if w := call(h, s.method, s.path, s.body); w.Code != s.code || w.Body.String() != s.want {
					t.Errorf("%s %s: %d %q, want %d %q", s.method, s.path, w.Code, w.Body, s.code, s.want)
				}
			}
		})
	}
}

func TestDirectoryStoreSurvivesRestart(t *testing.T) {
	env := map[string]string{"DATA_DIR": t.TempDir()}
	_, h := warmService(t, env)
	call(h, "PUT", "/kv/counter", "41")
	_, h = warmService(t, env)
	if got := call(h, "GET", "/kv/counter", "").Body.String(); got != "41" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestUnwritableStoreSaysWhatToCheck(t *testing.T) {
	_, h := warmService(t, map[string]string{"DATA_DIR": "/no/such/directory"})
	if w := call(h, "PUT", "/kv/a", "1"); w.Code != 500 || !strings.Contains(w.Body.String(), "DATA_DIR") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRemoteStore(t *testing.T) {
	_, behind := warmService(t, nil)
	server := httptest.NewServer(behind)
	t.Cleanup(server.Close)
	_, h := warmService(t, map[string]string{"STORE_URL": server.URL + "/"})
	steps := []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"GET", "/kv/a", "", 404, "no such key\n"},
		{"PUT", "/kv/a", "one", 204, ""},
		{"GET", "/kv/a", "", 200, "one"},
		{"GET", "/kv/", "", 200, `["a"]` + "\n"},
		{"DELETE", "/kv/a", "", 204, ""},
		{"DELETE", "/kv/a", "", 204, ""},
		{"GET", "/kv/..%2Freadyz", "", 404, "no such key\n"},
	}
	for _, s := range steps {
		if w := call(h, s.method, s.path, s.body); w.Code != s.code || w.Body.String() != s.want {
			t.Errorf("%s %s: %d %q, want %d %q", s.method, s.path, w.Code, w.Body, s.code, s.want)
		}
	}
	call(h, "PUT", "/kv/b", "kept there")
	if got := call(behind, "GET", "/kv/b", "").Body.String(); got != "kept there" {
		t.Errorf("the store behind has %q", got)
	}
	server.Close()
	if w := call(h, "GET", "/kv/b", ""); w.Code != 502 || !strings.Contains(w.Body.String(), "check STORE_URL") {
		t.Errorf("without the store: %d %s", w.Code, w.Body)
	}
}

func TestRemoteStoreThatIsNotReady(t *testing.T) {
	s, behind := warmService(t, nil)
	server := httptest.NewServer(behind)
	t.Cleanup(server.Close)
	if err := remoteStore(server.URL).ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	s.faults.change(func(st *State) { st.Unready = true })
	if err := remoteStore(server.URL).ready(t.Context()); err == nil || !strings.Contains(err.Error(), "status 503: not ready") {
		t.Errorf("unready: %v", err)
	}
}
