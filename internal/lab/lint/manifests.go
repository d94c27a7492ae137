package lint

import (
	"errors"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"labctl.dev/labctl/internal/lab"
)

// badManifests reads what is applied at start, filled in.
func badManifests(p *pass) {
	resolved, _ := p.Resolve(0)
	files := map[string]bool{}
	p.addFiles(files, "manifests", "")
	for file := range files {
		switch path.Ext(file) {
		case ".yaml", ".yml", ".json":
			p.manifestFile(file, resolved)
		}
	}
}

func (p *pass) manifestFile(file string, resolved *lab.Resolved) {
	data, err := p.Read(file)
	if err != nil {
		p.inFile(file, 1, 1, "it cannot be read: "+err.Error(), "")
		return
	}
	text := string(data)
	if resolved != nil {
		if expanded, err := lab.Expand(text, resolved.Values); err == nil {
			text = expanded // unknownReferences tells
		}
	}
	line := 1
	for part := range strings.SplitSeq(text, "\n---") {
		p.manifestPart(file, line, part)
		line += strings.Count(part, "\n") + 1
	}
}

// manifestPart checks one document, which begins on a line of the file.
func (p *pass) manifestPart(file string, line int, text string) {
	parsed, err := parser.ParseBytes([]byte(text), 0)
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Token != nil:
		p.inFile(file, line+syntax.Token.Position.Line-1, max(syntax.Token.Position.Column, 1), syntax.Message, "")
		return
	case err != nil:
		p.inFile(file, line, 1, err.Error(), "")
		return
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		at := line + max(doc.Body.GetToken().Position.Line, 1) - 1
		report := func(message, suggestion string) { p.inFile(file, at, 1, message, suggestion) }
		var object map[string]any
		if err := yaml.NodeToValue(doc.Body, &object); err != nil {
			report("this is no object", "write apiVersion, kind, metadata")
			continue
		}
		p.manifest(object, report)
	}
}

func (p *pass) manifest(object map[string]any, report func(message, suggestion string)) {
	for _, key := range []string{"apiVersion", "kind"} {
		if text, _ := object[key].(string); text == "" {
			report("the object has no "+key, "")
		}
	}
	meta, _ := object["metadata"].(map[string]any)
	if name, _ := meta["name"].(string); name == "" && object["kind"] != "List" {
		report("the object has no metadata.name", "generated names cannot be found again")
	}
}
