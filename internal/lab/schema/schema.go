// Package schema makes the JSON Schemas of the lab format from its Go types, for
// editors. The product does not import it: the result is in labs/.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"labctl.dev/labctl/internal/lab"
)

// The names of the schemas in the catalogue.
const (
	Lab     = "lab.schema.json"
	Verdict = "verdict.schema.json"
)

// Generate makes the schemas, by name. Descriptions are the types' comments, so
// the working directory has to be the module's root.
func Generate() (map[string][]byte, error) {
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Mapper: duration}
	err := r.AddGoComments("labctl.dev/labctl", "./internal/lab", jsonschema.WithFullComment())
	if err != nil {
		return nil, fmt.Errorf("read the comments of internal/lab: %w", err)
	}
	schemas := map[string][]byte{}
	for name, v := range map[string]any{Lab: &lab.Lab{}, Verdict: &lab.Case{}} {
		s := r.Reflect(v)
		s.ID = jsonschema.ID("https://labctl.dev/" + name)
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		schemas[name] = out.Bytes()
	}
	return schemas, nil
}

// duration is the schema of lab.Duration.
func duration(t reflect.Type) *jsonschema.Schema {
	if t != reflect.TypeFor[lab.Duration]() {
		return nil
	}
	return &jsonschema.Schema{
		Type:     "string",
		Pattern:  `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`,
		Examples: []any{"500ms", "30s", "2m"},
	}
}
