package probe

import (
	"context"
	"slices"
	"sync"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// Searches looks through each image once for all that a lab looks for in it: to have
// the engine hand over an image takes far longer than to look for one text more.
type Searches struct {
	texts map[string][]string // by the image's name

	mu    sync.Mutex
	found map[string]map[string][]container.Hit // by the image's ID, which is its content; then by text
}

// NewSearches gathers what a lab looks for in images.
func NewSearches(l *lab.Lab) *Searches {
	s := &Searches{texts: map[string][]string{}, found: map[string]map[string][]container.Hit{}}
	for _, task := range l.Tasks {
		for _, c := range task.Checks {
			for _, x := range c.Expect {
				if d := x.Docker; d != nil && d.Search != "" && !slices.Contains(s.texts[d.Image], d.Search) {
					s.texts[d.Image] = append(s.texts[d.Image], d.Search)
				}
			}
		}
	}
	return s
}

// in returns where a text stands in the image of that name and ID.
func (s *Searches) in(ctx context.Context, docker *container.Client, name, id, text string) ([]container.Hit, error) {
	s.mu.Lock()
	hits, known := s.found[id][text]
	s.mu.Unlock()
	if known {
		return hits, nil
	}
	texts := s.texts[name]
	if !slices.Contains(texts, text) {
		texts = []string{text}
	}
	found, err := docker.Search(ctx, id, texts)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[id] = found
	return found[text], nil
}
