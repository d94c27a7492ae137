package lab

import "testing"

func TestAURLKeepsItsPath(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:$(params.port)": "/", "http://web:8080/": "/", "http://web:8080/kv/first": "", "": "/",
	} {
		e := &Expect{HTTP: &HTTPProbe{URL: url}}
		setProbeDefaults(e)
		if e.HTTP.Path != want {
			t.Errorf("%q: the path %q, want %q", url, e.HTTP.Path, want)
		}
	}
}
