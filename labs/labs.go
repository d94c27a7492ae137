// Package labs is the catalogue of labs that labctl brings along.
package labs

import (
	"embed"
	"io/fs"
)

// The pattern takes everything, so that adding a lab needs no change here. A
// directory with a go.mod would be left out: labs keep it as go.mod.tmpl.
//
//go:embed all:*
var files embed.FS

// FS is the catalogue: a directory for each lab, and the JSON Schemas
// lab.schema.json and verdict.schema.json.
func FS() fs.FS { return files }
