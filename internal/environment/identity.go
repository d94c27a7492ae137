package environment

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/engine"
)

// NewID makes the ID of a new environment's cluster: its name, as far as there
// is room, and something never used again.
func NewID(name string) engine.ID {
	unique := strings.ToLower(rand.Text()[:8])
	return engine.ID(strings.TrimRight(name[:min(len(name), 30)], "-") + "-" + unique)
}

// ValidName says whether a name can be an environment's: a DNS label of at most
// 40 characters.
func ValidName(name string) bool {
	inside := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	return name != "" && len(name) <= 40 && inside && name == strings.Trim(name, "-")
}

// Exists says whether an environment of that name has a record, readable or not.
func (h Home) Exists(name string) bool {
	_, err := os.Stat(filepath.Join(h.EnvDir(name), "env.json"))
	return err == nil
}

// writeIdentity keeps the engine and the cluster's ID in a file of their own,
// so that a damaged env.json does not make the cluster unreachable.
func (h Home) writeIdentity(r Record) error {
	return h.Write(filepath.Join(h.EnvDir(r.Name), "id"), fmt.Appendf(nil, "%s %s\n", r.Engine, r.ID), 0o644)
}

// Salvage reads as much of an environment as its removal takes, whatever
// happened to its record.
func (h Home) Salvage(name string) (*Environment, error) {
	e, err := h.Open(name)
	if err == nil || !ValidName(name) {
		return e, err
	}
	if _, err := os.Stat(h.EnvDir(name)); err != nil {
		return h.Open(name)
	}
	e = &Environment{Home: h, Record: Record{Name: name, Lab: name, Phase: Stopping}}
	data, err := os.ReadFile(filepath.Join(h.EnvDir(name), "id"))
	if err == nil {
		_, err = fmt.Sscan(string(data), &e.Engine, &e.ID)
	}
	if err != nil || !ValidName(string(e.ID)) {
		e.Engine, e.ID = "", "" // its files can be removed all the same; gc finds the cluster
	}
	return e, nil
}
