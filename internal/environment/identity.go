package environment

import (
	"crypto/rand"
	"net/url"
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

// dockerWord begins the word of an identity that says where the user's Docker is.
const dockerWord = "docker="

// writeIdentity keeps the engine, the cluster's ID, the components and the address
// of the user's Docker in a file of their own, so that a damaged env.json does not
// make them unreachable.
func (h Home) writeIdentity(r Record) error {
	words := append([]string{r.Engine, string(r.ID)}, r.Components...)
	if r.Docker != "" {
		words = append(words, dockerWord+url.QueryEscape(r.Docker))
	}
	return h.Write(filepath.Join(h.EnvDir(r.Name), "id"), []byte(strings.Join(words, " ")+"\n"), 0o644)
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
	words := strings.Fields(string(data))
	if err == nil && len(words) >= 2 && ValidName(words[1]) {
		e.Engine, e.ID = words[0], engine.ID(words[1])
		for _, word := range words[2:] {
			if host, is := strings.CutPrefix(word, dockerWord); is {
				e.Docker, _ = url.QueryUnescape(host) // labctl wrote it
			} else {
				e.Components = append(e.Components, word)
			}
		}
	} // else its files can be removed all the same; gc finds the cluster
	return e, nil
}
