package schema_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"labctl.dev/labctl/internal/lab/schema"
	"labctl.dev/labctl/labs"
)

func TestCommittedIsGenerated(t *testing.T) {
	t.Chdir("../../..")
	schemas, err := schema.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range schemas {
		got, err := fs.ReadFile(labs.FS(), name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("labs/%s is not what the types say (%v); run go generate ./internal/lab", name, err)
		}
	}
}

func TestSchemas(t *testing.T) {
	catalogue, err := fs.Sub(labs.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	fixtures := os.DirFS("../../../testdata/labs")
	for _, test := range []struct {
		schema  string
		files   fs.FS
		pattern string
		valid   bool
	}{
		{schema.Lab, catalogue, "*/lab.yaml", true},
		{schema.Verdict, catalogue, "*/verdicts/*/verdict.yaml", true},
		{schema.Lab, fixtures, "good/lab.yaml", true},
		{schema.Verdict, fixtures, "good/verdicts/*/verdict.yaml", true},
		{schema.Lab, fixtures, "unknown-key/lab.yaml", false},
		{schema.Lab, fixtures, "missing-key/lab.yaml", false},
		{schema.Lab, fixtures, "wrong-type/lab.yaml", false},
		{schema.Lab, fixtures, "bad-value/lab.yaml", false},
		{schema.Lab, fixtures, "exactly-one/lab.yaml", false},
		{schema.Verdict, fixtures, "good/lab.yaml", false},
	} {
		compiled := compile(t, test.schema)
		files, err := fs.Glob(test.files, test.pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(test.pattern, files, err)
		}
		for _, file := range files {
			err := compiled.Validate(read(t, test.files, file))
			if (err == nil) != test.valid {
				t.Errorf("%s: valid should be %t: %v", file, test.valid, err)
			}
		}
	}
}

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := fs.ReadFile(labs.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(name)
}

func read(t *testing.T, fsys fs.FS, file string) any {
	t.Helper()
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		t.Fatal(filepath.Clean(file), err)
	}
	data, err = yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(file, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(file, err)
	}
	return v
}
