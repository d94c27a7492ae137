package manifest

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text  string
		names string // kind/name of the objects
		err   string // part of the error
	}{
		"two documents":   {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n", "Pod/a Service/b", ""},
		"a comment only":  {"# nothing\n", "", ""},
		"a list":          {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n", "Pod/a", ""},
		"JSON":            {`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}`, "Pod/a", ""},
		"no name":         {"apiVersion: v1\nkind: Pod\n", "", "document 1: apiVersion, kind and metadata.name"},
		"broken document": {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\na: [\n", "", "file.yaml: document 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Parse("file.yaml", []byte(tt.text))
			if (err != nil) != (tt.err != "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if got := names(objects); err == nil && got != tt.names {
				t.Errorf("got %q, want %q", got, tt.names)
			}
		})
	}
}

func names(objects []unstructured.Unstructured) string {
	var all []string
	for _, o := range objects {
		all = append(all, o.GetKind()+"/"+o.GetName())
	}
	return strings.Join(all, " ")
}

func TestSortPutsFirstWhatOthersNeed(t *testing.T) {
	objects, err := Parse("file", []byte(`
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
---
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}
---
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "c"}}
---
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "d"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	Sort(objects)
	if got := names(objects); got != "Namespace/d ConfigMap/b Deployment/a Deployment/c" {
		t.Errorf("got %s", got)
	}
}

func TestWorkloadsThatAreNotWaitedFor(t *testing.T) {
	objects, err := Parse("file", []byte(`
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
---
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b", "annotations": {"labctl.dev/wait": "false"}}}
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(workloads(objects)); got != "Deployment/a" {
		t.Errorf("waits for %s", got)
	}
}
